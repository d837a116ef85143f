import pLimit, { type LimitFunction } from "p-limit";

const perEndpoint = 8;
const atOnce = 32;

/** Runs a task in a slot of its endpoint and of all. */
export type InSlot = <T>(endpoint: string, task: () => Promise<T>) => Promise<T>;

/**
 * Keeps clear of sshd's MaxStartups (10:30:100: from ten logins in progress on it drops some at random), also where all
 * hosts are behind one jump host or one proxy, and keeps the controller's one thread from letting logins time out.
 */
export const handshakeSlots = (): InSlot => {
  const all = pLimit(atOnce);
  const endpoints = new Map<string, LimitFunction>();
  return (endpoint, task) => {
    const slots = endpoints.get(endpoint) ?? pLimit(perEndpoint);
    endpoints.set(endpoint, slots);
    return slots(() => all(task));
  };
};
