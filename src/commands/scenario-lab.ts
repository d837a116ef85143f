import { rmdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { XhostError } from "../errors.ts";
import { isHeld, labDown } from "../lab/down.ts";
import { readRecord } from "../lab/record.ts";
import { labUp } from "../lab/up.ts";
import { projectOf } from "../scenario/deploy-scenario.ts";
import type { Context } from "./context.ts";

/** The inventory that a deploy that is kept leaves for the other commands, below the folder it was run in. */
export const keptInventory = (name: string): string => `.xhost/scenario/${name}.yml`;

/** Removes it, with folders that are empty then. */
export const dropKeptInventory = async (name: string, { cwd }: Pick<Context, "cwd">): Promise<void> => {
  await rm(join(cwd, keptInventory(name)), { force: true });
  for (const folder of [".xhost/scenario", ".xhost"]) await rmdir(join(cwd, folder)).catch(() => undefined);
};

/**
 * Takes down the lab that an earlier run of the scenario has left or kept on this machine; tells whether there was one. Throws a CONFLICT
 * error while that run goes on.
 */
export const endOwnLab = async (name: string): Promise<boolean> => {
  const lab = projectOf({ name });
  const record = await readRecord(lab);
  if (record === undefined) return false;
  if (await isHeld(record))
    throw new XhostError(
      "CONFLICT",
      `the scenario ${name} is being run here by process ${record.madeBy.pid}: wait for its end`,
    );
  await labDown({ name: lab });
  return true;
};

/** Those of these scenarios that have a lab of their own on this machine, kept or left. */
export const keptLabs = async (names: readonly string[]): Promise<readonly string[]> => {
  const found = await Promise.all(names.map((name) => readRecord(projectOf({ name }))));
  return names.filter((_name, i) => found[i] !== undefined);
};

type Run = { readonly name: string; readonly hosts: number; readonly keep: boolean; readonly install: boolean };

/** Hosts of its own for one run: a lab on this machine, gone afterwards unless it is kept. `use` gets its inventory. */
export const onOwnLab = async <T>(
  { name, hosts, keep, install }: Run,
  context: Context,
  use: (inventory: string) => Promise<T>,
): Promise<T> => {
  const { cwd, note, progress } = context;
  if (await endOwnLab(name)) note("The lab that an earlier run had left was taken down first.");
  const lab = projectOf({ name });
  const options = { name: lab, hosts, cwd, install, onProgress: note, signal: progress.signal };
  const { inventory } = await labUp(options);
  let isKept = false;
  try {
    const result = await use(inventory);
    isKept = keep;
    return result;
  } finally {
    if (!isKept) await labDown({ name: lab });
  }
};
