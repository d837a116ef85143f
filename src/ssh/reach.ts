import { XhostError } from "../errors.ts";
import { credentials, dial, type Connection } from "./dial.ts";
import { handshakeSlots } from "./handshakes.ts";
import { jumpHosts, type Path, type Resolve } from "./jumps.ts";
import { targetOf, type Resolved } from "./resolve.ts";
import { knownHostsFiles } from "./trust.ts";
import { directWay, jumpWay, proxyWay, type Way } from "./way.ts";

/** Makes connections, whatever lies in between, and ends them all. */
export type Reacher = {
  readonly reach: (config: Resolved, path: Path) => Promise<Connection>;
  readonly close: () => Promise<void>;
};

type Reaching = {
  readonly timeout: number;
  readonly resolve: Resolve;
  /** Tells the user something about a connection, by its target. */
  readonly note: (text: string) => void;
};

/** All hosts of one reacher share its jump hosts, its handshake slots and what it read of known_hosts. */
export const reacher = ({ timeout, resolve, note }: Reaching): Reacher => {
  const files = knownHostsFiles();
  const inSlot = handshakeSlots();
  const ends = new Set<() => unknown>();
  let isClosed = false;

  const connect = async (config: Resolved, way: Way): Promise<Connection> => {
    if (isClosed) throw new XhostError("UNREACHABLE", "given up");
    const patience = Math.min(timeout, config.connectTimeout ?? timeout);
    const ready = await credentials(config, files);
    const { stream, failure } = await way.open(patience);
    const abandon = (): unknown => stream.destroy();
    ends.add(abandon);
    let heard = false;
    const told = (text: string): void => note(`${targetOf(config)}: ${text}`);
    try {
      const dialing = dial({ config, credentials: ready, stream, timeout: patience, files, note: told });
      // behind ssh2's own listener: the stream flows from the first one on
      stream.once("data", () => (heard = true));
      const connection = await dialing;
      ends.add(connection.end);
      void connection.closed.then(() => ends.delete(connection.end));
      return connection;
    } catch (error) {
      throw await failure(error, heard);
    } finally {
      ends.delete(abandon);
    }
  };
  // The slot at the endpoint is taken when the jump host stands, so nobody waits for a slot while holding one.
  const reach = async (config: Resolved, path: Path): Promise<Connection> => {
    const way = await wayTo(config, path);
    return inSlot(way.endpoint, () => connect(config, way));
  };
  const jumps = jumpHosts({ resolve, reach });
  const wayTo = async (config: Resolved, path: Path): Promise<Way> => {
    if (config.proxyCommand !== undefined) return proxyWay(config, config.proxyCommand);
    if (config.proxyJump === undefined) return directWay(config);
    const jump = await jumps.resolved(config.proxyJump, path);
    // `Host *` with a ProxyJump speaks of the jump host too.
    if (targetOf(jump) === targetOf(config)) return directWay(config);
    return jumpWay(config, await jumps.connected(jump, path));
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    while (ends.size > 0) {
      const now = [...ends];
      ends.clear();
      await Promise.all(now.map((end) => end()));
    }
  };
  return { reach, close };
};
