/** One command that a reader could type on the host, what it does and why in one line, and what takes it back. */
export type Step = {
  readonly command: string;
  readonly does: string;
  /** Shell text; undefined where what it belongs to goes with something else. May run twice, and where the command never ran. */
  readonly undo: string | undefined;
  /** Number of steps after it that make its undo needless, and wrong: what it names may be somebody else's by then. */
  readonly until?: number;
  /** It may have been done in part where it failed, and has to be undone all the same; other commands do all or nothing. */
  readonly isPartial?: boolean;
};

/** Names on the host that must be free before, and are the scenario's own after. */
export type Names = {
  /** `ip netns` names. */
  readonly namespaces: readonly string[];
  /** Devices in the host's own namespace, for however short a time. */
  readonly links: readonly string[];
  readonly ovsBridges: readonly string[];
};

/** All that is to be done on the host, in order; undone in the contrary order. */
export type Build = { readonly names: Names; readonly steps: readonly Step[] };

/** What the host says before the first command. */
export type Ground = {
  /** Of Open vSwitch: `netdev` runs in its own process, where the kernel has no module openvswitch. */
  readonly datapath: "system" | "netdev";
  /** Whether Open vSwitch has to be started first, because nobody has. */
  readonly startOvs: boolean;
  /** Modules that are there and not loaded. */
  readonly loadable: ReadonlySet<string>;
  /** Values that the host's sysctls have, those that the scenario sets. */
  readonly sysctls: ReadonlyMap<string, string>;
};
