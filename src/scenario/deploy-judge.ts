import { judgeRun, type Judged } from "./check-judge.ts";
import type { DeployCheck } from "./deploy-scenario.ts";

/** A check between two containers as deploy and doctor report it. */
export type Row = {
  readonly from: string;
  readonly to: string;
  readonly result: "ok" | "failed" | "unchecked";
  readonly address?: string | null | undefined;
  readonly source?: string | null | undefined;
  readonly note: string;
};

/** What a deploy scenario's check gave. */
export type Given = {
  readonly rows: readonly Row[];
  /** Of a command, what it printed. */
  readonly output: string;
  /** Of a plan, how many changes it has. */
  readonly changes: number;
};

/** Whether it holds, and what was seen; pure. */
export const judgeDeploy = (check: DeployCheck, { rows, output, changes }: Given): Judged => {
  switch (check.kind) {
    case "ping":
      return judgeRow(rows.find(({ from, to }) => from === check.from && to === check.to));
    case "run":
      return judgeRun(check, output);
    case "plan":
      return {
        holds: changes === 0,
        seen: changes === 0 ? "nothing to do" : `${changes} ${changes === 1 ? "change" : "changes"} to make`,
      };
  }
};

const judgeRow = (row: Row | undefined): Judged => {
  if (row === undefined) return { holds: false, seen: "it was not tried" };
  const { result, address, source, note } = row;
  const what = note === "" || note === "no answer" ? "" : `: ${note}`;
  if (result === "unchecked") return { holds: false, seen: `it could not be tried${what}` };
  if (result === "failed")
    return { holds: false, seen: `no answer from ${address ?? "it, which has no address"}${what}` };
  const seen = source === null || source === undefined ? "" : `, which sees ${source}`;
  return { holds: true, seen: `${address ?? ""} answers${seen}` };
};
