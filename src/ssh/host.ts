import type { Docker } from "./docker.ts";

/** A root shell on a host that is fed piece by piece over one channel; ends with `close`, and with the connection. */
export type Shell = {
  /** Writes shell text; the remote `sh` runs each complete command as it arrives. */
  readonly send: (text: string) => void;
  /** The next line of stdout without its newline, `undefined` after the end. Throws when none comes in time or the connection is lost. */
  readonly nextLine: () => Promise<string | undefined>;
  /** Closes stdin, waits for the end and returns what came on stderr. */
  readonly close: () => Promise<string>;
};

/** The output of a script that runs until it is told to end. */
export type ByteStream = {
  /**
   * Its standard output, unchanged, in pieces; not read, it waits. Has to be read to its end, also after `end`. Throws an UNREACHABLE
   * XhostError when the connection is lost, a REMOTE one where the script cannot even be started.
   */
  readonly bytes: AsyncIterable<Buffer>;
  /** Tells the script to end (SIGTERM to its process); what it still writes comes in `bytes`. */
  readonly end: () => void;
  /** How it ended, when `bytes` has been read; neither status nor signal: with the connection. */
  readonly ended: Promise<{
    readonly status: number | undefined;
    readonly signal: string | undefined;
    readonly stderr: string;
  }>;
  /** Gives the channel up at once, and with it `bytes` and `ended`: for a host that does not end the script when it is told to. */
  readonly cut: () => void;
};

/** The one seam to the outside: everything that xhost does to a host goes through one of these. */
export type Host = {
  readonly name: string;
  /** Where the connection went, for messages: `user@hostname:port`. */
  readonly target: string;
  /** Hostname or address after `~/.ssh/config`, what the inventory's `host` resolved to. */
  readonly hostname: string;
  /** The jump hosts it is reached through, in order, as `ProxyJump` of ssh_config(5) names them: each a Host alias, a name or an address. */
  readonly jumps: readonly string[];
  /**
   * Runs a POSIX shell script as root (`sh -s`, through `sudo -n` where become says so) and returns its stdout.
   * A non-zero exit status throws a REMOTE XhostError `<host>: <what>: <why>` with ten lines of `shown`, by default of the script, and its stderr.
   */
  readonly run: (script: string, what: string, shown?: string) => Promise<string>;
  readonly shell: (what: string) => Promise<Shell>;
  /**
   * Starts a POSIX shell script as root, as `run` does (`$1` is sshd's SSH_CONNECTION), for output without end and in bytes. The script
   * gets SIGTERM on `end`, when the connection ends, and 20 s after it was cut without a word: its last command should be `exec PROGRAM`, so
   * that this is the program's. Its standard input is empty.
   */
  readonly stream: (script: string, what: string) => Promise<ByteStream>;
  /** Docker's API over the same connection. Failures to reach the daemon are UNREACHABLE XhostErrors. */
  readonly docker: Docker;
  readonly close: () => Promise<void>;
};
