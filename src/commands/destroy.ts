import { formatPlan } from "../plan/format.ts";
import { applyPlans } from "./apply-plans.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { failureCode, look, type Look } from "./look.ts";
import { chosenFailures, failureLines, planJson } from "./plan.ts";
import { planDestroy } from "./planning.ts";

/** Removes everything the inventory's name owns on the chosen hosts, and nothing else. */
export const destroy = (
  target: Target,
  context: Context,
  options: { readonly yes: boolean; readonly volumes: boolean },
): Promise<Outcome> =>
  look(context, target, true, async (seen) => {
    const plans = planDestroy(seen, options);
    const changes = plans.some((p) => p.steps.length > 0);
    context.show(formatPlan(plans, { paint: context.paint, commands: context.verbose }));
    if (
      changes &&
      !options.yes &&
      !(await context.confirm(`Remove all of ${seen.inventory.name} from ${plans.length} hosts?`))
    )
      return { text: "Nothing was changed.", json: { ...planJson(plans, seen), applied: false }, code: 1 };
    const { failed } = await applyPlans("Remove", plans, seen, context);
    const kept = options.volumes ? [] : keptVolumes(seen);
    const lines = [
      ...kept.map((v) => `${v} is kept, it holds data: remove it with --volumes`),
      ...[...failed.values()].map((e) => e.message),
    ];
    return {
      text: [...lines, ...failureLines(seen)].join("\n"),
      json: {
        ...planJson(plans, seen),
        applied: changes,
        errors: Object.fromEntries([...failed].map(([n, e]) => [n, e.message])),
        kept,
      },
      code: failureCode([...chosenFailures(seen).map(([, e]) => e), ...failed.values()]),
    };
  });

const keptVolumes = ({ inventory, sights, chosen }: Look): readonly string[] =>
  [...chosen].flatMap((host) =>
    (sights.get(host)?.facts?.volumes ?? [])
      .filter((v) => v.labels["io.xhost.project"] === inventory.name)
      .map((v) => `${host}: volume ${v.name}`),
  );
