import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { XhostError } from "../errors.ts";
import { removeCgroups, thawCgroups } from "./cgroups.ts";
import { endProcesses, labNamespaces, removeNamespaces } from "./end.ts";
import { checkLabName, labFolder } from "./names.ts";
import { removeNetnsFolder } from "./netns-folder.ts";
import { startTimeOf } from "./processes.ts";
import { listRecords, readRecord, removeRecord, requireRecord, type LabRecord } from "./record.ts";
import { requireRoot } from "./root.ts";
import { run } from "./run.ts";

/** Ends a lab, whatever state it is in and from any folder, and removes all of it; fails only when there is nothing of that name. */
export const labDown = async ({ name }: { readonly name: string }): Promise<void> => {
  checkLabName(name);
  requireRoot();
  const record = await readRecord(name);
  if (record === undefined && (await labNamespaces(name)).length === 0) await requireRecord(name);
  if (record !== undefined && (await isBeingMade(record)))
    throw new XhostError("CONFLICT", `lab ${name}: process ${record.madeBy.pid} is bringing it up: end that first`);
  await removeLab(name, record);
};

/** True while the `up` that claimed the name runs. */
export const isBeingMade = async (record: LabRecord): Promise<boolean> => !record.ready && (await isHeld(record));

/** True while the process runs that made it, which goes on where the lab is a means to something else. */
export const isHeld = async ({ madeBy }: LabRecord): Promise<boolean> =>
  (await startTimeOf(madeBy.pid)) === madeBy.startTime;

/** The removal itself. In an order that may be cut off anywhere: the record goes last. */
export const removeLab = async (name: string, record: LabRecord | undefined): Promise<void> => {
  for (let namespaces = await labNamespaces(name); namespaces.length > 0; namespaces = await labNamespaces(name)) {
    await thawCgroups(name);
    await endProcesses(namespaces);
    await removeNamespaces(namespaces);
    // a killed `up` leaves its `ip -batch` running for a moment, and that makes namespaces still
    if (record?.ready !== true) await setTimeout(150);
  }
  await removeCgroups(name);
  if (record !== undefined) await removeFolder(record);
  if ((await listRecords()).every((other) => other.name === name)) await removeNetnsFolder();
  await removeRecord(name);
};

const removeFolder = async ({ name, folder }: LabRecord) => {
  const [lab, xhost] = [dirname(folder), dirname(dirname(folder))];
  // what is removed recursively is never taken on trust
  if (folder !== labFolder(dirname(xhost), name))
    throw new XhostError("REMOTE", `lab ${name}: not its folder: ${folder}`);
  await run("rm", ["-rf", "--one-file-system", folder]);
  for (const parent of [lab, xhost]) await rmdir(parent).catch(() => undefined);
};
