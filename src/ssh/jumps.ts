import { XhostError } from "../errors.ts";
import type { InventoryHost, SshOptions } from "../inventory/inventory.ts";
import type { Connection } from "./dial.ts";
import { jumpConfig, parseJump, targetOf, type Resolved } from "./resolve.ts";
import type { Jump } from "./way.ts";

/** Whose way it is, what the inventory says about it, and how many jump hosts it has taken so far. */
export type Path = { readonly name: string; readonly ssh: SshOptions; readonly depth: number };

/** Asks `ssh -G`, not too many at once. */
export type Resolve = (host: Pick<InventoryHost, "name" | "ssh">) => Promise<Resolved>;

type JumpHosts = {
  /** The last hop of a ProxyJump value; the hops before it are the way to it. */
  readonly resolved: (chain: string, path: Path) => Promise<Resolved>;
  readonly connected: (jump: Resolved, path: Path) => Promise<Jump>;
};

type Reach = { readonly resolve: Resolve; readonly reach: (config: Resolved, path: Path) => Promise<Connection> };

const deepest = 8;

/** One connection to each jump host, however many hosts are behind it. */
export const jumpHosts = ({ resolve, reach }: Reach): JumpHosts => {
  const configs = new Map<string, Promise<Resolved>>();
  const connections = new Map<string, Promise<Connection>>();

  const resolved = async (chain: string, { name, ssh }: Path): Promise<Resolved> => {
    const known = configs.get(chain) ?? resolve({ name, ssh: lastHop(chain) });
    configs.set(chain, known);
    return jumpConfig(await known, ssh);
  };
  const connect = async (jump: Resolved, path: Path): Promise<Connection> => {
    const target = targetOf(jump);
    if (path.depth >= deepest) throw new XhostError("UNREACHABLE", `more than ${deepest} jump hosts, last ${target}`);
    try {
      return await reach(jump, { ...path, depth: path.depth + 1 });
    } catch (cause) {
      if (!(cause instanceof XhostError)) throw cause;
      throw new XhostError(cause.code, `jump host ${target}: ${cause.message}`, { cause });
    }
  };
  const connected = async (jump: Resolved, path: Path): Promise<Jump> => {
    // Everything that decides how it is reached and whether it is trusted: hosts share a jump host that they agree on.
    const key = JSON.stringify(jump);
    const connection = connections.get(key) ?? connect(jump, path);
    if (!connections.has(key)) {
      connections.set(key, connection);
      // One that failed or went away is tried anew by the next host that needs it.
      void gone(connection).then(() => connections.delete(key));
    }
    return { key, target: targetOf(jump), connection: await connection };
  };
  return { resolved, connected };
};

const lastHop = (chain: string): SshOptions => {
  const hops = chain.split(",");
  return { ...parseJump(hops.at(-1) ?? ""), proxyJump: hops.slice(0, -1).join(",") || undefined };
};

const gone = async (connection: Promise<Connection>): Promise<void> => {
  try {
    await (
      await connection
    ).closed;
  } catch {
    // Whoever waits for the connection is told.
  }
};
