import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { XhostError } from "../errors.ts";
import type { Connection } from "./dial.ts";
import { explain } from "./explain.ts";
import { startProxy } from "./proxy.ts";
import { quote } from "./quote.ts";
import type { Resolved } from "./resolve.ts";

/** How to get a byte stream to an SSH server. */
export type Way = {
  /** What must not see too many handshakes at once. */
  readonly endpoint: string;
  /** Rejects with an XhostError that says only why. */
  readonly open: (timeout: number) => Promise<OpenWay>;
};

type OpenWay = {
  readonly stream: Duplex;
  /** The error of a login over this way, with what the way itself has to say about it; `heard`: something came from the other side. */
  readonly failure: (error: unknown, heard: boolean) => Promise<unknown>;
};

/** ssh2 tells a connection that ends without a word by an error of this level, and has words for nobody. */
const silence = (error: unknown, heard: boolean, words: string): unknown =>
  !heard &&
  error instanceof XhostError &&
  error.cause instanceof Error &&
  "level" in error.cause &&
  error.cause.level === "protocol"
    ? new XhostError(error.code, words, { cause: error })
    : error;

const byHand = ({ user, hostname, port }: Resolved): string =>
  `the other side hung up without a word: what listens on port ${port} may not be sshd, its sshd may be busy (MaxStartups) or ` +
  `refuse this machine, or a firewall cuts in; its log tells, or:\nssh -v -p ${port} ${quote(`${user}@${hostname}`)} true`;

/** TCP from here. */
export const directWay = (config: Resolved): Way => ({
  endpoint: `${config.hostname}:${config.port}`,
  open: () =>
    Promise.resolve({
      stream: connect({ host: config.hostname, port: config.port, noDelay: true }),
      failure: (error, heard) => Promise.resolve(silence(error, heard, byHand(config))),
    }),
});

/** Through a ProxyCommand: hosts with the same text, before its tokens are replaced, may meet in the same server. */
export const proxyWay = (config: Resolved, proxyCommand: string): Way => ({
  endpoint: `proxyCommand ${proxyCommand}`,
  open: () => {
    const { stream, command, stderr, end, kill, ended } = startProxy(config, proxyCommand);
    const failure = async (error: unknown, heard: boolean): Promise<unknown> => {
      // Its end and its last words come after the end of its output.
      await Promise.race([ended, setTimeout(200)]);
      kill();
      if (!(error instanceof XhostError)) return error;
      const why = heard ? error.message : withoutWord(error.message, end());
      const lines = heard ? (stderr() === "" ? [] : ["the proxyCommand wrote:", stderr()]) : [command, stderr()];
      return new XhostError(error.code, [why, ...lines].join("\n").trimEnd(), { cause: error });
    };
    return Promise.resolve({ stream, failure });
  },
});

const withoutWord = (message: string, end: string | undefined): string =>
  end === undefined
    ? `${message} through the proxyCommand`
    : `the proxyCommand ended before any SSH server answered (${end}); try it by hand:`;

/** A jump host that stands; `key` tells it from the others. */
export type Jump = { readonly key: string; readonly target: string; readonly connection: Connection };

/** TCP from a jump host, over its one connection: forwardings are not limited by MaxSessions. */
export const jumpWay = (config: Resolved, { key, target, connection }: Jump): Way => ({
  endpoint: `jump ${key}`,
  open: async (timeout) => {
    const stream = await forward(connection, config, timeout).catch((cause: unknown) => {
      const why = connection.lost() ?? explain(cause as Error, { config: connection.config, timeout });
      throw new XhostError("UNREACHABLE", `not to be reached from jump host ${target}: ${why}`, { cause });
    });
    const words = `jump host ${target} connects to ${config.hostname}:${config.port}, which hangs up without a word: that may not be its sshd`;
    return { stream, failure: (error, heard) => Promise.resolve(silence(error, heard, words)) };
  },
});

const forward = ({ client }: Connection, { hostname, port }: Resolved, timeout: number): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const late = Object.assign(new Error(), { level: "client-timeout" });
    void setTimeout(timeout * 1000, undefined, { ref: false }).then(() => reject(late));
    client.forwardOut("127.0.0.1", 0, hostname, port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(error);
    });
  });
