import type * as Http from "node:http";
import type { Agent } from "node:http";
import { createRequire } from "node:module";
import type { Duplex } from "node:stream";
import { inspect } from "node:util";

// As a module of ECMAScript, all that it exports is asked for, `WebSocket` too, which loads undici: 50 ms (lib/internal/bootstrap/realm.js, syncExports).
const http = createRequire(import.meta.url)("node:http") as typeof Http;

/** An HTTP agent whose sockets are SSH channels, kept alive between requests. */
export const channelAgent = (open: () => Promise<Duplex>): Agent => {
  const agent = new http.Agent({ keepAlive: true });
  agent.createConnection = (_options, callback) => {
    open().then(
      (channel) => callback?.(null, asSocket(channel)),
      // Node's own type wants a stream beside the error; nobody looks at it.
      (error: unknown) => callback?.(error as Error, undefined as unknown as Duplex),
    );
    return undefined;
  };
  // docker-modem 5.0.7 inspects its options, agent included, on every request even with debugging off: with a live
  // connection inside that takes up to 100 ms.
  Object.defineProperty(agent, inspect.custom, { value: () => "SSH" });
  return agent;
};

/** What http calls on a socket and a channel lacks: a channel has no timers and no reference count of its own. */
const asSocket = (channel: Duplex): Duplex => {
  const nothing = (): Duplex => channel;
  const socket: Readonly<Record<string, unknown>> = {
    setKeepAlive: nothing,
    setNoDelay: nothing,
    setTimeout: nothing,
    ref: nothing,
    unref: nothing,
  };
  return Object.assign(channel, socket);
};
