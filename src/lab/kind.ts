import type { Engine } from "./engine.ts";
import type { LabHost, LabRecord } from "./record.ts";

type Options = { readonly onProgress: (line: string) => void; readonly signal: AbortSignal | undefined };

/** How a command gets to a host. */
export type Entry = {
  /** The words after `nsenter`. */
  readonly args: readonly string[];
  /** The folder in which that is run. */
  readonly cwd: string;
  /** True for an exit code that is not the command's but the way's. */
  readonly isBroken?: (exitCode: number) => Promise<boolean>;
};

/** What the kinds of hosts do differently; all else of a lab is the same. */
export type Kind = {
  /** What hosts of that engine start from, made at the first use; undefined for the machine's own root. */
  readonly root: (engine: Engine, options: Options) => Promise<string | undefined>;
  /** Writes what a host needs into its folder. */
  readonly write: (lab: LabRecord, host: LabHost, root: string | undefined) => Promise<void>;
  /** Boots a host whose cable is there, and returns its engine's version when ssh and Docker answer. */
  readonly start: (
    lab: LabRecord,
    host: LabHost,
    options: { readonly image: string; readonly signal: AbortSignal | undefined },
  ) => Promise<string>;
  /** Pulls the plug, also of a host that ended by itself. */
  readonly stop: (lab: LabRecord, host: LabHost) => Promise<void>;
  /** A process that stands for each running host, by the host's name. */
  readonly running: (lab: LabRecord) => Promise<ReadonlyMap<string, number>>;
  /** What the engine of a running host says of itself; undefined while it does not answer. */
  readonly version: (lab: LabRecord, host: LabHost, pid: number) => Promise<string | undefined>;
  readonly enter: (
    lab: LabRecord,
    host: LabHost,
    what: { readonly pid: number; readonly command: readonly string[]; readonly terminal: boolean },
  ) => Entry;
};
