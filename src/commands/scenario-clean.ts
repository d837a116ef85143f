import { isFile, readScenario } from "../scenario/library.ts";
import { projectOf } from "../scenario/deploy-scenario.ts";
import type { Context, Outcome } from "./context.ts";
import { destroyProject } from "./scenario-fleet-clean.ts";
import { dropKeptInventory, endOwnLab } from "./scenario-lab.ts";
import { cleanPlace, type Where } from "./scenario-place.ts";

/** Takes back what a run has left or kept. Where hosts are not named, it is that of a deploy, on all of the inventory's. */
export const clean = async (where: Where, what: string, context: Context): Promise<Outcome> => {
  const name = isFile(what) ? (await readScenario(what, context.cwd)).name : what;
  const wasThere =
    where.kind === "hosts" && where.names.length !== 1
      ? await destroyProject(where, { name, project: projectOf({ name }) }, context)
      : [await cleanPlace(where, name, context), where.kind === "local" && (await endOwnLab(name))].includes(true);
  await dropKeptInventory(name, context);
  const place =
    where.kind === "local"
      ? "on this machine"
      : `on ${where.names.length === 0 ? "any of its hosts" : where.names.join(", ")}`;
  const text = wasThere ? `The scenario ${name} was taken back.` : `There is nothing of a scenario ${name} ${place}.`;
  return { text, json: { name, cleaned: wasThere }, code: 0 };
};
