import { isFile, readScenario } from "../scenario/library.ts";
import { LONGEST_NAME, projectOf } from "../scenario/deploy-scenario.ts";
import { NAME } from "../scenario/scenario.ts";
import { XhostError } from "../errors.ts";
import type { Context, Outcome } from "./context.ts";
import { destroyProject } from "./scenario-fleet-clean.ts";
import type { Chosen } from "./scenario-fleet.ts";
import { dropKeptInventory, endOwnLab } from "./scenario-lab.ts";
import { cleanPlace, type Where } from "./scenario-place.ts";

const cleanHere = async (name: string, context: Context): Promise<boolean> => {
  const [place, lab] = [await cleanPlace({ kind: "local" }, name, context), await endOwnLab(name)];
  return place || lab;
};

/** One host may have been a lab's, and have no Docker; it may have been a deploy's too. */
const cleanHosts = async (where: Chosen, name: string, context: Context): Promise<boolean> => {
  const project = { name, project: projectOf({ name }) };
  if (where.names.length !== 1 || name.length > LONGEST_NAME)
    return where.names.length === 1
      ? cleanPlace({ kind: "hosts", ...where }, name, context)
      : destroyProject(where, project, context);
  const place = await cleanPlace({ kind: "hosts", ...where }, name, context);
  const deploy = await destroyProject(where, project, context).catch((error: unknown) => {
    if (place && error instanceof XhostError) return false;
    throw error;
  });
  return place || deploy;
};

/** Takes back what a run has left or kept. Where hosts are not named, it is that of a deploy, on all of the inventory's. */
export const clean = async (where: Where, what: string, context: Context): Promise<Outcome> => {
  const name = isFile(what) ? (await readScenario(what, context.cwd)).name : what;
  if (!NAME.test(name))
    throw new XhostError("INVENTORY", `scenario ${what}: should be a name such as router, or the path of a file`);
  const wasThere = where.kind === "hosts" ? await cleanHosts(where, name, context) : await cleanHere(name, context);
  await dropKeptInventory(name, context);
  const place =
    where.kind === "local"
      ? "on this machine"
      : `on ${where.names.length === 0 ? "any of its hosts" : where.names.join(", ")}`;
  const text = wasThere ? `The scenario ${name} was taken back.` : `There is nothing of a scenario ${name} ${place}.`;
  return { text, json: { name, cleaned: wasThere }, code: 0 };
};
