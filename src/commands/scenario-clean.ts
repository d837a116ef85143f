import { projectOf } from "../scenario/deploy-scenario.ts";
import type { Context, Outcome } from "./context.ts";
import { destroyProject } from "./scenario-fleet-clean.ts";
import { dropKeptInventory, endOwnLab } from "./scenario-lab.ts";
import { cleanPlace, type Where } from "./scenario-place.ts";

/** Takes back what a run has left or kept. Where hosts are not named, it is that of a deploy, on all of the inventory's. */
export const clean = async (where: Where, name: string, context: Context): Promise<Outcome> => {
  const wasThere =
    where.kind === "hosts" && where.names.length !== 1
      ? await destroyProject(where, { name, project: projectOf({ name }) }, context)
      : [await cleanPlace(where, name, context), where.kind === "local" && (await endOwnLab(name))].includes(true);
  await dropKeptInventory(name, context);
  const text = wasThere ? `The scenario ${name} was taken back.` : `There is nothing of a scenario ${name}.`;
  return { text, json: { name, cleaned: wasThere }, code: 0 };
};
