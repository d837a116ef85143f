import { link, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { XhostError } from "../errors.ts";
import type { Engine } from "./engine.ts";

/** A host as it was asked for; whether it runs is seen from its processes. */
export type LabHost = { readonly name: string; readonly address: string; readonly engine: Engine };

/**
 * What the fabric does wrong on purpose, in the words of `lab fault`, which checked them. `drop`: packets that do not pass.
 * `mtu`: links that carry more or less than 1500 bytes. `down`: hosts whose cable is unplugged.
 */
export type Faults = {
  readonly drop: readonly string[];
  readonly mtu: readonly string[];
  readonly down: readonly string[];
};

/** `netns`: hosts made of namespaces, on the machine's kernel. `uml`: each with a kernel of its own, User-Mode Linux. */
export type LabKind = "netns" | "uml";

/** What the machine knows of a lab, whatever folder it was made in. `ready` is set last, so false is a cut-short `up`. */
export type LabRecord = {
  readonly name: string;
  readonly kind: LabKind;
  readonly folder: string;
  readonly hosts: readonly LabHost[];
  /** Absent in a lab that never had one. */
  readonly faults?: Faults;
  readonly ready: boolean;
  /** The `up` that made it; pids come round again, so the start time (proc_pid_stat(5), field 22) goes with it. */
  readonly madeBy: { readonly pid: number; readonly startTime: string };
};

/** On a tmpfs, so that a reboot of the machine, which ends the labs, forgets them too. */
export const recordFolder = "/run/xhost-lab";
const recordPath = (lab: string) => `${recordFolder}/${lab}.json`;

/** Claims the name for the whole machine; false when another lab has it. Atomic: a record is never seen half written. */
export const claimRecord = async (record: LabRecord): Promise<boolean> => {
  await mkdir(recordFolder, { recursive: true });
  const draft = await writeDraft(record);
  try {
    await link(draft, recordPath(record.name));
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
};

/** Replaces a record that is already claimed, in one move. */
export const updateRecord = async (record: LabRecord): Promise<void> =>
  await rename(await writeDraft(record), recordPath(record.name));

/** Undefined when no lab of that name is known on this machine. */
export const readRecord = async (lab: string): Promise<LabRecord | undefined> => {
  try {
    return { kind: "netns", ...(JSON.parse(await readFile(recordPath(lab), "utf8")) as Omit<LabRecord, "kind">) };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
};

/** The record of a lab that must be there; the error of one that is not lists those that are. */
export const requireRecord = async (lab: string): Promise<LabRecord> => {
  const record = await readRecord(lab);
  if (record !== undefined) return record;
  const names = (await listRecords()).map((r) => r.name);
  const known = names.length === 0 ? "no lab is up on this machine" : `labs on this machine: ${names.join(", ")}`;
  throw new XhostError("INVENTORY", `lab ${lab}: there is none: ${known}`);
};

/** All labs of the machine by name. */
export const listRecords = async (): Promise<readonly LabRecord[]> => {
  const files = await readdir(recordFolder).catch(() => []);
  const names = files.filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
  const records = await Promise.all(names.sort().map(readRecord));
  return records.filter((record) => record !== undefined);
};

/** Forgets the lab, and the folder of the records with the last one. */
export const removeRecord = async (lab: string): Promise<void> => {
  await rm(recordPath(lab), { force: true });
  await rmdir(recordFolder).catch(() => undefined);
};

const writeDraft = async (record: LabRecord): Promise<string> => {
  const draft = `${recordPath(record.name)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(record, null, 2)}\n`);
  return draft;
};

const hasCode = (error: unknown, code: string) => error instanceof Error && "code" in error && error.code === code;
