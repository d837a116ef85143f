import { counts, formatPlan } from "../plan/format.ts";
import type { HostPlan } from "../plan/step.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { failureCode, look, type Look } from "./look.ts";
import { planDeploy, type PlanOptions } from "./planning.ts";

/** Shows what would change, with the exact commands; changes nothing. */
export const plan = (
  target: Target,
  context: Context,
  options: PlanOptions & { readonly detailedExitcode: boolean },
): Promise<Outcome> =>
  look(context, target, false, async (seen) => {
    const { plans } = await planDeploy(seen, context, options);
    const changes = plans.some((p) => p.steps.length > 0);
    const failure = failureCode(chosenFailures(seen).map(([, error]) => error));
    const code = failure !== 0 ? failure : changes && options.detailedExitcode ? 2 : 0;
    return {
      text: [formatPlan(plans, { paint: context.paint, commands: true }), ...failureLines(seen)].join("\n"),
      json: planJson(plans, seen),
      code,
    };
  });

/** Failures of the hosts that the command was about, in the order of the file. */
export const chosenFailures = ({ inventory, failed, chosen }: Look) =>
  inventory.hosts.flatMap(({ name }) => {
    const error = failed.get(name);
    return error === undefined || !chosen.has(name) ? [] : [[name, error] as const];
  });

/** A line or more for each host that could not be looked at. */
export const failureLines = (seen: Look): readonly string[] => chosenFailures(seen).map(([, error]) => error.message);

/** The plan as plain data: steps by host, how many changes of each sign, and the hosts that failed. */
export const planJson = (plans: readonly HostPlan[], seen: Look) => {
  const n = counts(plans);
  return {
    hosts: Object.fromEntries(plans.map((p) => [p.host, p.steps])),
    summary: { add: n["+"], change: n["~"], replace: n["±"], remove: n["-"] },
    failed: Object.fromEntries(
      chosenFailures(seen).map(([name, error]) => [name, { code: error.code, message: error.message }]),
    ),
  };
};
