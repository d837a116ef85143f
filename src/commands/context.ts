import type { PhaseOptions } from "../apply/phase.ts";
import type { XhostError } from "../errors.ts";
import type { Paint } from "../plan/format.ts";
import type { Options } from "./options.ts";

/** What a command gets from the outside: `cli.ts` is the only one that prints, asks and ends. */
export type Context = {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Shows text to a person at once; silent with `--json`. */
  readonly show: (text: string) => void;
  /** Writes to stdout what is no result for people, and waits until it is taken; rejects with code EPIPE once nobody reads. */
  readonly write: (bytes: string | Buffer) => Promise<void>;
  /** Says on stderr what a long step is at. */
  readonly note: (text: string) => void;
  /** Asks a yes-or-no question; throws an INVENTORY error where nobody can be asked. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** To be called before the first change of anything: an interrupt from then on says that what was done stays, or what is given. */
  readonly onChange: (told?: string) => void;
  readonly progress: PhaseOptions;
  /** Seconds for a connection, and for a command on a host. */
  readonly timeout: number;
  /** Seconds in which a change of links, routes and firewall has to be confirmed; else the host takes it back. */
  readonly confirmTimeout: number;
  /** Whether exact commands are shown also where a summary would do. */
  readonly verbose: boolean;
  readonly paint: Paint;
};

/** Options that commands on an inventory share. */
export type Target = { readonly inventory: string; readonly limit: readonly string[] | undefined };

/** What a command ends with: text for people, failures of single hosts, one document for programs, and the exit code. */
export type Outcome = {
  readonly text: string;
  /** For stderr, also with `json`. */
  readonly errors?: readonly XhostError[];
  readonly json: unknown;
  readonly code: number;
};

/** Runs a command with what the outside is for it, prints its outcome and sets the exit code. */
export type Finish = (options: Options, work: (context: Context) => Promise<Outcome>) => Promise<void>;
