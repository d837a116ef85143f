import { formatPlan } from "../plan/format.ts";
import { failureCode, lookFailures, planJson } from "./change.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { look } from "./look.ts";
import { obstaclesOf, obstaclesText } from "./obstacles.ts";
import { pairsOf, pairsTable } from "./pairs.ts";
import { planDeploy, type PlanOptions } from "./planning.ts";

/** Shows what would change, with the exact commands; changes nothing. */
export const plan = (
  target: Target,
  context: Context,
  options: PlanOptions & { readonly detailedExitcode: boolean },
): Promise<Outcome> =>
  look(context, target, false, async (seen) => {
    const { plans, whole } = await planDeploy(seen, context, options);
    const pairs = pairsTable(pairsOf(seen, whole));
    const errors = lookFailures(seen);
    const obstacles = obstaclesOf(seen, whole);
    const changes = plans.some((p) => p.steps.length > 0);
    return {
      text: [
        ...(pairs === "" ? [] : [pairs, ""]),
        ...(plans.length > 0 ? [formatPlan(plans, { paint: context.paint, unknown: errors.length })] : []),
        ...(obstacles.length > 0 ? ["", obstaclesText(obstacles)] : []),
      ].join("\n"),
      errors,
      get json() {
        return { ...planJson(plans, seen, whole), obstacles };
      },
      code: failureCode(errors) || (changes && options.detailedExitcode ? 2 : 0),
    };
  });
