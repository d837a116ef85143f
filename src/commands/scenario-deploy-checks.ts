import { judgeDeploy, type Row } from "../scenario/deploy-judge.ts";
import type { DeployCheck } from "../scenario/deploy-scenario.ts";
import type { CheckResult } from "../scenario/result.ts";
import { connectivity } from "./connectivity.ts";
import { look } from "./look.ts";
import { wholeOf } from "./measuring.ts";
import { plan } from "./plan.ts";
import type { Running } from "./scenario-running.ts";

/** One after the other, each told at once; those of `fails` have to fail. All pings are sent together, before. */
export const checkAll = async (
  running: Running,
  checks: readonly DeployCheck[],
  fails: readonly string[],
): Promise<readonly CheckResult[]> => {
  const { target, told } = running;
  const context = { ...running.context, show: () => undefined };
  const rows: readonly Row[] = checks.some(({ kind }) => kind === "ping")
    ? await look(context, target, false, async (seen) => (await connectivity(seen, wholeOf(seen), context)).findings)
    : [];
  const results: CheckResult[] = [];
  for (const check of checks) {
    context.progress.signal.throwIfAborted();
    const given = { rows, output: await outputOf(running, check), changes: await changesOf(running, check) };
    const { holds, seen } = judgeDeploy(check, given);
    const mustFail = fails.includes(check.claim);
    const result = { check, passed: holds !== mustFail, seen, mustFail };
    told.check(result);
    results.push(result);
  }
  return results;
};

const outputOf = async ({ fleet }: Running, check: DeployCheck): Promise<string> => {
  const at = check.kind === "run" ? fleet.hosts.get(check.in) : undefined;
  return check.kind === "run" && at !== undefined ? at.host.run(`{ ${check.run}; } 2>&1 || :`, check.claim) : "";
};

const changesOf = async ({ target, context }: Running, check: DeployCheck): Promise<number> => {
  if (check.kind !== "plan") return 0;
  const options = { detailedExitcode: false, iKnow: false, reprobe: false };
  const { json } = await plan(target, { ...context, show: () => undefined }, options);
  const { summary } = json as { readonly summary: Readonly<Record<string, number>> };
  return Object.values(summary).reduce((sum, n) => sum + n, 0);
};
