import { change, changedJson, declined, doneText, failureCode, lookFailures } from "./change.ts";
import { connectivity, findingsTable } from "./connectivity.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { look } from "./look.ts";
import { planDeploy, type PlanOptions } from "./planning.ts";

/** Plans, asks, applies, and proves with packets that the containers reach each other. */
export const deploy = (
  target: Target,
  context: Context,
  options: PlanOptions & { readonly yes: boolean },
): Promise<Outcome> =>
  look(context, target, true, async (seen) => {
    const plans = await planDeploy(seen, context, options);
    const ask = { title: "Apply", question: "Apply?", yes: options.yes };
    const changed = await change(plans, seen, context, ask);
    if (changed === undefined) return declined(plans, seen);
    const { findings, errors: unmade } = await connectivity(seen, context);
    const errors = [...lookFailures(seen), ...changed.failed.values(), ...unmade];
    return {
      text: [...doneText("Applied on", changed, seen), ...(findings.length > 0 ? [findingsTable(findings)] : [])].join(
        "\n",
      ),
      errors,
      json: { ...changedJson(plans, seen, changed), checks: findings },
      code: failureCode(errors) || (findings.some((f) => f.result === "failed") ? 1 : 0),
    };
  });
