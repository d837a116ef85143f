import type { HostPlan } from "../plan/step.ts";
import { change, changedJson, declined, doneText, failureCode, lookFailures } from "./change.ts";
import { connectivity, findingsTable } from "./connectivity.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { withKeys } from "./keys.ts";
import { look } from "./look.ts";
import { wholeOf } from "./measuring.ts";
import { obstaclesOf, obstaclesText } from "./obstacles.ts";
import { pairsOf, pairsTable } from "./pairs.ts";
import { planDeploy, plansOf, type PlanOptions } from "./planning.ts";

/** Plans, asks, applies, and proves with packets that the containers reach each other. */
export const deploy = (
  target: Target,
  context: Context,
  options: PlanOptions & { readonly yes: boolean },
): Promise<Outcome> =>
  look(context, target, true, async (seen) => {
    const { plans, whole, measured } = await planDeploy(seen, context, options);
    const pairs = pairsTable(pairsOf(seen, whole));
    if (pairs !== "" && plans.some((p) => p.steps.length > 0)) context.show(`${pairs}\n`);
    const obstacles = obstaclesOf(seen, whole);
    const told = obstaclesText(obstacles);
    if (told !== "") context.show(`${told}\n`);
    const completed = async (): Promise<readonly HostPlan[]> => {
      const known = await withKeys(seen, plans, context);
      return known === seen ? plans : plansOf(known, wholeOf(known, measured), context);
    };
    const ask = { title: "Apply", question: "Apply?", yes: options.yes, completed };
    const changed = await change(plans, seen, context, ask);
    if (changed === undefined) return declined(plans, seen);
    const { findings, errors: unmade } = await connectivity(seen, whole, context);
    const isBroken = findings.some((f) => f.result === "failed");
    const errors = [...lookFailures(seen), ...changed.failed.values(), ...unmade];
    return {
      text: [
        ...doneText("Applied on", changed, seen),
        ...(findings.length > 0 ? [findingsTable(findings, target.inventory)] : []),
        ...(isBroken && told !== "" ? [told] : []),
      ].join("\n"),
      errors,
      get json() {
        return { ...changedJson(plans, seen, changed, whole), obstacles, checks: findings };
      },
      code: failureCode(errors) || (isBroken ? 1 : 0),
    };
  });
