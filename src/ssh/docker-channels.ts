import type { Duplex } from "node:stream";
import type { Connection } from "./dial.ts";
import { startDialStdio } from "./dial-stdio.ts";
import { dockerTrouble } from "./docker-trouble.ts";
import { lostError, type Remote } from "./session.ts";

/** A host over SSH: Docker's socket is forwarded by its sshd. */
export type SshRemote = Remote & { readonly connection: Connection };

/** Byte streams to the Docker socket of a host, over its one SSH connection. */
export type DockerChannels = {
  /** Finds out how Docker is reached, once; resolves to the number of channels that may be open at once. */
  readonly ready: () => Promise<number>;
  readonly open: () => Promise<Duplex>;
  /** Makes the next `ready` find out anew, because a channel broke. */
  readonly forget: () => void;
};

/** Forwardings are not sessions, so MaxSessions does not count them; `docker system dial-stdio` is a session. */
const atOnce = { forward: 8, stdio: 4 } as const;
type Means = keyof typeof atOnce;

/**
 * First sshd itself connects to the socket (stream-local forwarding, as the login user). Where sshd forbids that, or the
 * login user may not open the socket, `docker system dial-stdio` does it, through sudo where become says so.
 */
export const dockerChannels = (remote: SshRemote, socket: string): DockerChannels => {
  let chosen: Promise<Means> | undefined;
  let spare: Duplex | undefined;

  const choose = async (): Promise<Means> => {
    try {
      spare = await forward(remote, socket);
      return "forward";
    } catch (cause) {
      const lost = lostError(remote, "docker");
      if (lost !== undefined) throw lost;
      spare = await startDialStdio(remote, socket).catch(async (error: unknown) => {
        const said = error instanceof Error ? error.message : "";
        throw await dockerTrouble({ remote, socket, isForbidden: isProhibited(cause), said });
      });
      return "stdio";
    }
  };
  const means = (): Promise<Means> => {
    chosen ??= choose().catch((error: unknown) => {
      chosen = undefined;
      throw error;
    });
    return chosen;
  };
  return {
    ready: async () => atOnce[await means()],
    open: async () => {
      const how = await means();
      const waiting = spare;
      spare = undefined;
      if (waiting?.readable === true) return waiting;
      return how === "forward" ? forward(remote, socket) : startDialStdio(remote, socket);
    },
    forget: () => {
      chosen = undefined;
      spare?.destroy();
      spare = undefined;
    },
  };
};

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED of RFC 4254 section 5.1: sshd's configuration forbids it. */
const isProhibited = (cause: unknown): boolean => cause instanceof Error && "reason" in cause && cause.reason === 1;

const forward = ({ connection }: SshRemote, socket: string): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    connection.client.openssh_forwardOutStreamLocal(socket, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(error);
    });
  });
