import ssh2, { type AnyAuthMethod, type AuthenticationType, type NextAuthHandler, type ParsedKey } from "ssh2";
import { readIdentities, type Identity } from "./identity.ts";
import type { Resolved } from "./resolve.ts";

/** What ssh2 asks for the next thing to try, and after a refusal what to tell the user. */
export type Auth = {
  readonly handler: (left: readonly AuthenticationType[] | null, partial: boolean, next: NextAuthHandler) => void;
  /** What was tried, for the user. */
  readonly refusal: () => string;
  /** The same once nothing is left to try. */
  readonly refused: () => string | undefined;
};

/**
 * Everything there is to log in with, in OpenSSH's order: no proof at all (the reply names what is allowed), the agent's
 * keys that are also identity files, the agent's other keys unless IdentitiesOnly, identity files that the agent lacks.
 */
export const authentication = async (config: Resolved): Promise<Auth> => {
  const [identities, agent] = await Promise.all([readIdentities(config), agentKeys(config.identityAgent)]);
  const username = config.user;
  const attempts: AnyAuthMethod[] = [
    { type: "none", username },
    ...(agent.socket === undefined
      ? []
      : agentAttempt(username, agent.socket, agentOrder(config, identities, agent.keys))),
    ...identities
      .filter(({ blob }) => !agent.keys.some((held) => isSame(held, blob)))
      .flatMap(({ key }) => (key === undefined ? [] : [{ type: "publickey" as const, username, key }])),
  ];
  const pending = attempts[Symbol.iterator]();
  let allowed: readonly string[] = [];
  let isOver = false;
  const tell = (): string => refusal({ config, identities, agent, allowed });
  return {
    handler: (left, _partial, next) => {
      allowed = left ?? allowed;
      const attempt = pending.next();
      isOver = attempt.done ?? false;
      // ssh2 takes `false` for "nothing left"; its types do not know.
      next(attempt.done ? (false as unknown as AuthenticationType) : attempt.value);
    },
    refusal: tell,
    refused: () => (isOver ? tell() : undefined),
  };
};

type Agent = { readonly socket: string | undefined; readonly keys: readonly ParsedKey[]; readonly silent: boolean };

const agentKeys = (socket: string | undefined): Promise<Agent> => {
  if (socket === undefined || socket === "") return Promise.resolve({ socket: undefined, keys: [], silent: false });
  return new Promise((resolve) => {
    new ssh2.OpenSSHAgent(socket).getIdentities((error, keys) => {
      if (error || keys === undefined) {
        resolve({ socket: undefined, keys: [], silent: true });
        return;
      }
      // Kinds that ssh2 cannot read (FIDO, certificates) come as they are and are of no use.
      const usable = (keys as unknown[]).map((key) => ssh2.utils.parseKey(key as Buffer)) as unknown[];
      resolve({ socket, keys: usable.filter((key) => !(key instanceof Error)) as ParsedKey[], silent: false });
    });
  });
};

const isSame = (key: ParsedKey, blob: Buffer | undefined): boolean => blob?.equals(key.getPublicSSH()) ?? false;

const agentOrder = (config: Resolved, identities: readonly Identity[], held: readonly ParsedKey[]): ParsedKey[] => {
  const named = identities.flatMap(({ blob }) => held.filter((key) => isSame(key, blob)));
  return [...new Set([...named, ...(config.identitiesOnly ? [] : held)])];
};

/** ssh2 offers all keys of an agent in its own order: this agent holds just the wanted ones. */
const agentAttempt = (username: string, socket: string, keys: ParsedKey[]): AnyAuthMethod[] => {
  if (keys.length === 0) return [];
  const agent = new ssh2.OpenSSHAgent(socket);
  agent.getIdentities = (callback) => callback(undefined, keys);
  return [{ type: "agent", username, agent }];
};

type Tried = {
  readonly config: Resolved;
  readonly identities: readonly Identity[];
  readonly agent: Agent;
  readonly allowed: readonly string[];
};

const refusal = ({ config, identities, agent, allowed }: Tried): string => {
  const offered = agentOrder(config, identities, agent.keys);
  const own = identities.filter(({ blob }) => !agent.keys.some((key) => isSame(key, blob)));
  const lines = [
    ...offered.map((key) => `the agent's ${key.type} key ${key.comment}`.trimEnd()),
    ...own.map(({ file, unusable }) => (unusable === undefined ? file : `${file} (not tried: ${unusable})`)),
  ];
  const tried = lines.length === 0 ? "there is no key to try" : `tried ${lines.join(", ")}`;
  const silent = agent.silent ? `; no ssh-agent answers at ${config.identityAgent ?? ""}` : "";
  const needs = allowed.length === 0 || allowed.includes("publickey") ? "" : `; it takes only ${allowed.join(", ")}`;
  const missing = identities.length > 0 ? "" : `; none of ${config.identityFiles.join(", ")} exists`;
  // MaxAuthTries of sshd is 6.
  const many = offered.length < 6 ? "" : "; sshd gives up after six keys: set IdentitiesOnly yes in ~/.ssh/config";
  return `user ${config.user} is not let in: ${tried}${missing}${silent}${needs}${many}`;
};
