import type { Finding } from "./finding.ts";
import type { DiagnosisId } from "./ids.ts";

/** What would heal a thing: `on` is the host to run the command on as root, undefined where it runs beside the inventory. */
export type Remedy = { readonly on: string | undefined; readonly command: string };

/** One thing that is wrong, at the place where it is wrong. */
export type Diagnosis = {
  readonly id: DiagnosisId;
  readonly host: string;
  /** The other host, of what lies between two. */
  readonly peer?: string | undefined;
  /** A `warning` does no harm yet, or none to packets between containers. */
  readonly severity: "fault" | "warning";
  /** What was seen, in one sentence, without the host's name; on further lines what belongs to it. */
  readonly seen: string;
  readonly why: string;
  readonly remedy: Remedy;
  /** Whether `xhost deploy` would mend it too. */
  readonly deployFixes: boolean;
};

/** A container as an end of a check. */
export type CheckEnd = { readonly ref: string; readonly host: string };

/** A diagnosis with what follows from it, so that its symptoms are not told as faults of their own. */
export type Cause = Diagnosis & {
  /** Of rules of ours that are missing or out of order: the table of iptables. Docker's own rules then drop what they would have let through. */
  readonly table?: string | undefined;
  /** Whether packets between these two containers may get lost or changed by it; `finding` is the check that failed, where there is one. */
  readonly hitsCheck?: ((from: CheckEnd, to: CheckEnd, finding?: Finding) => boolean) | undefined;
  /** Whether `deploy` refuses to change anything while this stands. */
  readonly blocksDeploy?: boolean | undefined;
  /** Whether packets from the first host's own address to the second one's may. */
  readonly hitsUnderlay?: ((from: string, to: string) => boolean) | undefined;
};
