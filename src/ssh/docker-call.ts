import { setTimeout } from "node:timers/promises";
import { XhostError } from "../errors.ts";

/**
 * Waits for a Docker call and puts its failure into words: `h1: create network app: pool overlaps` (REMOTE) when the
 * daemon refuses. Use it around calls whose refusal nobody expects; look at `statusCode` where somebody does.
 */
export const dockerCall = async <T>(
  host: { readonly name: string },
  what: string,
  call: Promise<T>,
  seconds?: number,
): Promise<T> => {
  try {
    return await (seconds === undefined ? call : inTime(host, what, call, seconds));
  } catch (cause) {
    if (!(cause instanceof Error) || cause instanceof XhostError) throw cause;
    if ("statusCode" in cause)
      throw new XhostError("REMOTE", `${what}: ${daemonMessage(cause)}`, { host: host.name, cause });
    // A stream that breaks off after its beginning; everything before that is an XhostError already.
    if ("code" in cause) throw new XhostError("UNREACHABLE", `${what}: ${cause.message}`, { host: host.name, cause });
    throw cause;
  }
};

const daemonMessage = (error: Error): string => {
  const json: unknown = "json" in error ? error.json : undefined;
  const message: unknown = typeof json === "object" && json !== null && "message" in json ? json.message : undefined;
  return (typeof message === "string" ? message : error.message).trim();
};

/** A daemon that accepts and never answers would keep its caller for ever: channels have no time-out of their own. */
const inTime = async <T>(
  host: { readonly name: string },
  what: string,
  call: Promise<T>,
  seconds: number,
): Promise<T> => {
  const patience = new AbortController();
  const late = setTimeout(seconds * 1000, undefined, { signal: patience.signal }).then(() => {
    throw new XhostError("UNREACHABLE", `${what}: Docker does not answer within ${seconds} s`, { host: host.name });
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([call, late]);
  } finally {
    patience.abort();
  }
};
