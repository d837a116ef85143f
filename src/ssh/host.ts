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

/** The one seam to the outside: everything that xhost does to a host goes through one of these. */
export type Host = {
  readonly name: string;
  /** Where the connection went, for messages: `user@hostname:port`. */
  readonly target: string;
  /** Hostname or address after `~/.ssh/config`, what the inventory's `host` resolved to. */
  readonly hostname: string;
  /**
   * Runs a POSIX shell script as root (`sh -s`, through `sudo -n` where become says so) and returns its stdout.
   * A non-zero exit status throws a REMOTE XhostError `<host>: <what>: <why>` with the script's stderr.
   */
  readonly run: (script: string, what: string) => Promise<string>;
  readonly shell: (what: string) => Promise<Shell>;
  /** Docker's API over the same connection. Failures to reach the daemon are UNREACHABLE XhostErrors. */
  readonly docker: Docker;
  readonly close: () => Promise<void>;
};
