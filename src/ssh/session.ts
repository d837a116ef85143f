import type { LimitFunction } from "p-limit";
import type { Duplex, Readable } from "node:stream";
import { XhostError } from "../errors.ts";
import { explain, type Way } from "./explain.ts";
import { quote } from "./quote.ts";

/** A command that runs: its input and output. Emits `close` with its exit status, or with null and its signal, when all of it has been read. */
export type Channel = Duplex & { readonly stderr: Readable };

/** What commands go over: an SSH connection, or this machine itself. */
export type Line = {
  readonly client: {
    readonly exec: (command: string, callback: (error: Error | undefined, channel: Channel) => void) => unknown;
  };
  readonly config: Way;
  /** Why it is no more; `undefined` while it stands. */
  readonly lost: () => string | undefined;
};

/** A host that commands can be sent to. */
export type Remote = {
  readonly name: string;
  readonly connection: Line;
  readonly become: "none" | "sudo";
  /** Seconds for each command. */
  readonly timeout: number;
  /** sshd allows 10 sessions on a connection (MaxSessions); 4 are for commands, up to 4 for Docker. */
  readonly sessions: LimitFunction;
};

/** A command that is running. `release` gives its session back, whatever became of it. */
export type Session = { readonly channel: Channel; readonly release: () => void };

/** The first line of every script's output; what a login shell prints before it is not the script's. */
export const started = "--xhost-started--";

/**
 * Where iptables and friends live on systems whose sshd sets a short PATH; words in the language that is parsed here; and what is written is for
 * root alone, whatever the host's login sets.
 */
export const environment =
  "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; LC_ALL=C; export PATH LC_ALL; unset LANGUAGE; umask 077";

/** The command as root. `env` because the login shell may be one that does not know `NAME=value command`. */
export const asRoot = ({ become }: Pick<Remote, "become">, command: string): string =>
  become === "sudo" ? `env LC_ALL=C sudo -n ${command}` : command;

/** Waits for a free session and starts a command, words for the login shell. */
export const startSession = async (remote: Remote, command: string, what: string): Promise<Session> => {
  const release = await freeSession(remote.sessions);
  try {
    return { channel: await exec(remote, command, what), release };
  } catch (error) {
    release();
    throw error;
  }
};

/** The connection is gone: what was running on it has failed with it. `undefined` while it stands. */
export const lostError = ({ name, connection }: Remote, what: string): XhostError | undefined => {
  const why = connection.lost();
  return why === undefined
    ? undefined
    : new XhostError("UNREACHABLE", `${what}: the connection is lost: ${why}`, { host: name });
};

/** Why a script did not even start, as REMOTE error: sudo's refusals, else whatever the login shell said. */
export const startError = (remote: Remote, what: string, end: End): XhostError => {
  const { user } = remote.connection.config;
  const said = `${end.stdout}${end.stderr}`.trim();
  const error = (why: string): XhostError => new XhostError("REMOTE", why, { host: remote.name });
  if (remote.become === "none") return error(`${what}: sh cannot be started: ${ending(end)}\n${said}`.trimEnd());
  // The wording of sudo and of sudo-rs, in the C locale.
  if (/password|authentication is required/i.test(end.stderr)) {
    const line = `${user} ALL=(ALL:ALL) NOPASSWD: ALL`;
    return error(
      `sudo asks for a password, or allows other commands only: ${what} needs root; let ${user} do without by adding it to sudoers (visudo)\n` +
        `echo ${quote(line)} > /etc/sudoers.d/xhost\n${said}`,
    );
  }
  if (end.status === 127) {
    return error(`there is no sudo: ${what} needs root; install sudo, or log in as root\n${said}`);
  }
  return error(`sudo refuses: ${what} needs root: ${ending(end)}\n${said}`.trimEnd());
};

/** How a command ended. Neither status nor signal: the connection broke, or the server does not tell. */
export type End = {
  readonly status: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
};

/** Reads the arguments of a channel's `close`: ssh2 gives a status, or null and a signal, or nothing at all. */
export const endOf = ([status, signal]: readonly unknown[], output: Pick<End, "stdout" | "stderr">): End => ({
  status: typeof status === "number" ? status : undefined,
  signal: typeof signal === "string" ? signal : undefined,
  ...output,
});

/** `exit status 2` or `killed by SIGTERM`. */
export const ending = ({ status, signal }: End): string => {
  if (signal !== undefined) return `killed by ${signal}`;
  return status === undefined ? "ended without a status" : `exit status ${status}`;
};

const freeSession = (sessions: LimitFunction): Promise<() => void> =>
  new Promise((resolve) => void sessions(() => new Promise<void>((release) => resolve(release))));

/** Starts a command without waiting for a free session: for Docker's channels, which are counted elsewhere. */
export const exec = ({ name, connection, timeout }: Remote, command: string, what: string): Promise<Channel> =>
  new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      const why = connection.lost() ?? explain(cause, { config: connection.config, timeout });
      reject(new XhostError("UNREACHABLE", `${what}: no session: ${why}`, { host: name, cause }));
    };
    const { client } = connection;
    try {
      client.exec(command, (error, channel) => (error === undefined ? resolve(channel) : fail(error)));
    } catch (cause) {
      // ssh2 throws at once when the connection is gone.
      fail(cause as Error);
    }
  });
