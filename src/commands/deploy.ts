import { formatPlan } from "../plan/format.ts";
import { applyPlans } from "./apply-plans.ts";
import { connectivity, findingsTable } from "./connectivity.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { failureCode, look } from "./look.ts";
import { chosenFailures, failureLines, planJson } from "./plan.ts";
import { planDeploy, type PlanOptions } from "./planning.ts";

/** Plans, asks, applies, and proves with packets that the containers reach each other. */
export const deploy = (
  target: Target,
  context: Context,
  options: PlanOptions & { readonly yes: boolean },
): Promise<Outcome> =>
  look(context, target, true, async (seen) => {
    const { plans } = await planDeploy(seen, context, options);
    const changes = plans.some((p) => p.steps.length > 0);
    context.show(formatPlan(plans, { paint: context.paint, commands: context.verbose }));
    if (changes && !options.yes && !(await context.confirm("Apply?")))
      return { text: "Nothing was changed.", json: { ...planJson(plans, seen), applied: false }, code: 1 };
    const { failed } = await applyPlans("Apply", plans, seen, context);
    const intact = new Map([...seen.hosts].filter(([name]) => !failed.has(name)));
    const findings = await connectivity(seen.inventory, intact, context);
    const errors = [...failed.values()].map((error) => error.message);
    const unreachable = failureCode(chosenFailures(seen).map(([, error]) => error));
    const bad = failed.size > 0 || findings.some((f) => !f.ok && !f.note.startsWith("not checked"));
    return {
      text: [...(findings.length > 0 ? [findingsTable(findings)] : []), ...errors, ...failureLines(seen)].join("\n"),
      json: {
        ...planJson(plans, seen),
        applied: changes,
        errors: Object.fromEntries([...failed].map(([n, e]) => [n, e.message])),
        checks: findings,
      },
      code: unreachable !== 0 ? unreachable : failureCode(failed.values()) || (bad ? 1 : 0),
    };
  });
