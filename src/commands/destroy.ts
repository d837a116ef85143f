import { PROJECT_LABEL } from "../model/names.ts";
import { change, changedJson, declined, doneText, failureCode, lookFailures } from "./change.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { look, type Look } from "./look.ts";
import { planDestroy } from "./planning.ts";

/** Removes everything the inventory's name owns on the chosen hosts, and nothing else. */
export const destroy = (
  target: Target,
  context: Context,
  options: { readonly yes: boolean; readonly volumes: boolean },
): Promise<Outcome> =>
  look(context, target, true, async (seen) => {
    const plans = planDestroy(seen, options);
    const question = `Remove everything of ${seen.inventory.name} from ${plans.map((p) => p.host).join(", ")}?`;
    const changed = await change(plans, seen, context, { title: "Remove", question, yes: options.yes });
    if (changed === undefined) return declined(plans, seen);
    const kept = options.volumes ? [] : keptVolumes(seen);
    const errors = [...lookFailures(seen), ...changed.failed.values()];
    return {
      text: [
        ...kept.map((v) => `${v.host}: volume ${v.volume} is kept, it holds data: remove it with --volumes`),
        ...doneText(`Removed ${seen.inventory.name} from`, changed, seen),
      ].join("\n"),
      errors,
      json: { ...changedJson(plans, seen, changed), kept },
      code: failureCode(errors),
    };
  });

const keptVolumes = ({ inventory, sights, chosen }: Look): readonly { host: string; volume: string }[] =>
  [...chosen].flatMap((host) =>
    (sights.get(host)?.facts?.volumes ?? [])
      .filter((v) => v.labels[PROJECT_LABEL] === inventory.name)
      .map((v) => ({ host, volume: v.name })),
  );
