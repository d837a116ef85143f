import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { XhostError } from "../errors.ts";
import type { Connection } from "./dial.ts";
import { explain } from "./explain.ts";
import { startProxy } from "./proxy.ts";
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
  /** The error of a login over this way, with what the way itself has to say about it. */
  readonly failure: (error: unknown) => Promise<unknown>;
};

/** TCP from here. */
export const directWay = ({ hostname, port }: Resolved): Way => ({
  endpoint: `${hostname}:${port}`,
  open: () =>
    Promise.resolve({
      stream: connect({ host: hostname, port, noDelay: true }),
      failure: (error) => Promise.resolve(error),
    }),
});

/** Through a ProxyCommand: hosts with the same text, before its tokens are replaced, may meet in the same server. */
export const proxyWay = (config: Resolved, proxyCommand: string): Way => ({
  endpoint: `proxyCommand ${proxyCommand}`,
  open: () => {
    const { stream, command, complaint, kill, ended } = startProxy(config, proxyCommand);
    const failure = async (error: unknown): Promise<unknown> => {
      // Its end and its last words come after the end of its output.
      await Promise.race([ended, setTimeout(200)]);
      kill();
      if (!(error instanceof XhostError) || complaint() === "") return error;
      const message = `${error.message}; the proxyCommand says: ${complaint()}\n${command}`;
      return new XhostError(error.code, message, { cause: error });
    };
    return Promise.resolve({ stream, failure });
  },
});

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
    return { stream, failure: (error) => Promise.resolve(error) };
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
