import pLimit from "p-limit";
import { XhostError } from "../errors.ts";
import type { InventoryHost } from "../inventory/inventory.ts";
import type { Connection } from "./dial.ts";
import { dockerOver, type DockerLibrary } from "./docker.ts";
import { loadDockerode } from "./dockerode.ts";
import type { Host } from "./host.ts";
import { reacher } from "./reach.ts";
import { parseJump, resolveSsh, targetOf, type Resolved } from "./resolve.ts";
import { run } from "./run.ts";
import type { SshRemote } from "./docker-channels.ts";
import { stream } from "./stream.ts";
import { shell } from "./shell.ts";

/** Opens hosts, one SSH connection for each, and shares the jump hosts between them. */
export type Connector = {
  /** Resolves when the login is done. Rejects with an XhostError, UNREACHABLE unless the inventory is wrong. */
  readonly open: (host: InventoryHost) => Promise<Host>;
  /** Ends every connection, jump host and ProxyCommand, also those still being opened. */
  readonly close: () => Promise<void>;
};

type Connecting = {
  /** Seconds, for a login and for each command; 60 when not given. */
  readonly timeout?: number | undefined;
  /** Tells the user of each host key that was taken without being known; no key is taken in silence but for this. */
  readonly note: (text: string) => void;
};

/** By entry of an inventory that was read: a second connection to it asks `ssh -G` no second time. */
const resolved = new WeakMap<Pick<InventoryHost, "name" | "ssh">, Promise<Resolved>>();

/** Opens nothing by itself. */
export const connector = ({ timeout = 60, note }: Connecting): Connector => {
  const resolve = (host: Pick<InventoryHost, "name" | "ssh">): Promise<Resolved> => {
    const found = resolved.get(host) ?? resolveSsh(host);
    resolved.set(host, found);
    return found;
  };
  const { reach, close } = reacher({ timeout, resolve, note });
  const open = async (host: InventoryHost): Promise<Host> => {
    // While the handshake is going on.
    const library = loadDockerode();
    const config = await resolve(host);
    try {
      const connection = await reach(config, { name: host.name, ssh: host.ssh, depth: 0 });
      return hostOver({ host, connection, timeout, Docker: await library });
    } catch (cause) {
      if (!(cause instanceof XhostError)) throw cause;
      const message = `cannot connect to ${targetOf(config)}: ${cause.message}`;
      throw new XhostError(cause.code, message, { host: host.name, cause });
    }
  };
  return { open, close };
};

type Opened = {
  readonly host: InventoryHost;
  readonly connection: Connection;
  readonly timeout: number;
  readonly Docker: DockerLibrary;
};

const hostOver = ({ host, connection, timeout, Docker }: Opened): Host => {
  const { config } = connection;
  const become = host.become ?? (config.user === "root" ? "none" : "sudo");
  const remote: SshRemote = { name: host.name, connection, become, timeout, sessions: pLimit(4) };
  const { docker, end } = dockerOver({ remote, socket: host.dockerSocket, Docker });
  return {
    name: host.name,
    target: targetOf(config),
    hostname: config.hostname,
    jumps: config.proxyJump?.split(",").map((hop) => parseJump(hop).host) ?? [],
    run: (script, what, shown) => run(remote, script, what, shown),
    shell: (what) => shell(remote, what),
    stream: (script, what) => stream(remote, script, what),
    docker,
    close: async () => {
      end();
      await connection.end();
    },
  };
};
