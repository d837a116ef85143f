import type { Step } from "./build.ts";

/** What became of a check. */
export type CheckResult = {
  readonly check: { readonly claim: string };
  /** As the scenario expects it now: while it is broken, a check that fails may be the one that passes here. */
  readonly passed: boolean;
  /** In one line. */
  readonly seen: string;
  /** While it is broken: whether the check has to fail, which is what `passed` says then. */
  readonly mustFail: boolean;
};

/** What became of a break. */
export type BreakResult = {
  readonly name: string;
  readonly title: string;
  /** While it was broken; a check that has to fail has passed when it fails. */
  readonly checks: readonly CheckResult[];
  /** What drops the packets, in the words of `xhost trace`. */
  readonly found: readonly string[];
  /** Whether that is what the file says, which is a regular expression. */
  readonly named: boolean;
  readonly wanted: string;
  readonly why: string;
  /** The same checks after it was mended. */
  readonly healed: readonly CheckResult[];
};

/** What became of a run. */
export type Result = {
  readonly name: string;
  /** The host, or all of them. */
  readonly host: string;
  readonly steps: readonly Step[];
  readonly checks: readonly CheckResult[];
  /** What drops the packets of checks that failed though nothing was broken; empty where all passed, or nothing was found. */
  readonly causes: readonly string[];
  /** Undefined where nothing was to be broken, or could be, because a check had failed before. */
  readonly broken: BreakResult | undefined;
  /** What is different on the host afterwards; undefined where it was kept. */
  readonly left: readonly string[] | undefined;
};

export const hasPassed = ({ checks, broken, left }: Result): boolean =>
  checks.every(({ passed }) => passed) &&
  (broken === undefined || (broken.named && [...broken.checks, ...broken.healed].every(({ passed }) => passed))) &&
  (left === undefined || left.length === 0);

/** Told while it goes on. */
export type Told = {
  readonly note: (text: string) => void;
  /** Before a step is done, with `--explain`; `output` after it. */
  readonly step: (step: Step) => void;
  readonly output: (text: string) => void;
  readonly check: (result: CheckResult) => void;
  /** What goes on now: `build`, `check`, `break`, `cause`, `mend`, `clean`. */
  readonly part: (title: string) => void;
  readonly found: (broken: Pick<BreakResult, "found" | "named" | "wanted" | "why">) => void;
  readonly causes: (lines: readonly string[]) => void;
};
