import type { Inventory } from "../inventory/inventory.ts";
import type { Cause, CheckEnd, Diagnosis } from "./diagnosis.ts";
import type { Finding } from "./finding.ts";

/** A diagnosis, and how many failed checks come of it. */
export type Explained = Diagnosis & { readonly explains: number };

/** What is known of the ends of the checks. */
export type Ends = ReadonlyMap<string, CheckEnd>;

/** The inventory's containers by their refs. */
export const endsOf = ({ containers }: Inventory): Ends =>
  new Map(containers.map(({ ref, host }) => [ref, { ref, host }]));

/** Whether a fault explains why packets between two containers get lost or changed. */
export const explains = (cause: Cause, finding: Finding, ends: Ends): boolean => {
  const [from, to] = [ends.get(finding.from), ends.get(finding.to)];
  return (
    from !== undefined &&
    to !== undefined &&
    cause.severity === "fault" &&
    cause.hitsCheck?.(from, to, finding) === true
  );
};

/** The causes as plain diagnoses, each with the number of failed checks that it explains; one check may have several causes. */
export const withSymptoms = (
  causes: readonly Cause[],
  findings: readonly Finding[],
  ends: Ends,
): readonly Explained[] => {
  const failed = findings.filter((f) => f.result === "failed");
  return causes.map((cause) => {
    const { id, host, peer, severity, seen, why, remedy, deployFixes } = cause;
    const count = failed.filter((f) => explains(cause, f, ends)).length;
    return { id, host, peer, severity, seen, why, remedy, deployFixes, explains: count };
  });
};
