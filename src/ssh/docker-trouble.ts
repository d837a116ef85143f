import { XhostError } from "../errors.ts";
import { quote } from "./quote.ts";
import { run } from "./run.ts";
import type { Remote } from "./session.ts";

type Trouble = {
  readonly remote: Remote;
  readonly socket: string;
  /** How sshd refused to connect to the socket: forbidden by its configuration, or it tried and failed. */
  readonly isForbidden: boolean;
  /** What `docker system dial-stdio` said. */
  readonly said: string;
};

/** Both ways to Docker failed: looks at the host for the reason, so that the user is told what to do. */
export const dockerTrouble = async (trouble: Trouble): Promise<XhostError> => {
  const { remote, socket, said } = trouble;
  const failure = (why: string): XhostError =>
    new XhostError("UNREACHABLE", `Docker cannot be reached at ${socket}: ${why}`, { host: remote.name });
  try {
    const found = (await run(remote, look(quote(socket)), "look for Docker")).split("\n");
    return failure([reason(trouble, found), said].join("\n").trimEnd());
  } catch (cause) {
    if (!(cause instanceof XhostError) || cause.code === "UNREACHABLE") throw cause;
    return failure(cause.message);
  }
};

const look = (socket: string): string => `
if [ ! -e ${socket} ]; then echo missing
elif [ ! -S ${socket} ]; then echo file
elif [ ! -w ${socket} ]; then echo denied
fi
command -v docker >/dev/null || echo no-program`;

const reason = ({ remote, isForbidden }: Trouble, found: readonly string[]): string => {
  const { user } = remote.connection.config;
  const hasProgram = !found.includes("no-program");
  if (found.includes("missing")) {
    return hasProgram
      ? "the Docker daemon is not running, there is no such socket"
      : "Docker is not installed, there is neither the socket nor a docker program";
  }
  if (found.includes("file")) return "it is not a socket";
  if (found.includes("denied")) return `permission denied: add ${user} to the group docker, or set become: sudo`;
  if (hasProgram) return "the Docker daemon is not running, nobody answers at the socket";
  if (isForbidden) return "sshd forbids stream-local forwarding, and there is no docker program to go around it";
  return `the Docker daemon is not running, or ${user} may not open the socket and there is no docker program to go around it`;
};
