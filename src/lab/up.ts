import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import pLimit from "p-limit";
import { XhostError } from "../errors.ts";
import { isBeingMade, removeLab } from "./down.ts";
import { labNamespaces } from "./end.ts";
import { dealtEngines, type Engine } from "./engine.ts";
import { buildFabric } from "./fabric.ts";
import { applyFaults } from "./faults-apply.ts";
import { checkedFaults } from "./faults-words.ts";
import { writeImage } from "./image.ts";
import { ensurePrograms } from "./install.ts";
import { inventoryText } from "./inventory.ts";
import { writeKeys } from "./keys.ts";
import { kinds } from "./kinds.ts";
import { checkHostCount, checkLabName, labFolder } from "./names.ts";
import { noteNetnsFolder } from "./netns-folder.ts";
import { startTimeOf } from "./processes.ts";
import { faultPrograms, missingOf, missingPrograms, relay, staticBusybox } from "./programs.ts";
import {
  claimRecord,
  readRecord,
  updateRecord,
  type Faults,
  type LabHost,
  type LabKind,
  type LabRecord,
} from "./record.ts";
import { requireRoot } from "./root.ts";
import { run } from "./run.ts";
import { checkSegments, hostAddress } from "./segments.ts";
import { checkMemory, guestEngines, guestPrograms } from "./uml/needs.ts";

/** A lab that is up; `version` is what each host's engine said of itself. */
export type Lab = {
  readonly name: string;
  readonly kind: LabKind;
  readonly folder: string;
  readonly inventory: string;
  readonly hosts: readonly (LabHost & { readonly version: string })[];
};

type Progress = (line: string) => void;

/**
 * Makes a lab below `cwd` and waits until every host answers. What fails or is aborted is taken away again; only a kill leaves
 * something, and `labDown` removes that. `kind`: `netns` when not given. `engine`: as for `dealtEngines`; for `uml` bookworm only.
 * `install`: missing packages are installed first.
 */
export const labUp = async (options: {
  readonly name: string;
  readonly hosts: number;
  readonly kind?: LabKind | undefined;
  readonly engine?: string | undefined;
  readonly segments?: number | undefined;
  readonly faults?: Faults | undefined;
  readonly install?: boolean | undefined;
  readonly cwd: string;
  readonly onProgress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<Lab> => {
  const { name, kind = "netns", hosts: count, engine, segments = 1, install = false } = options;
  const { signal, onProgress = () => undefined } = options;
  checkLabName(name);
  checkHostCount(count);
  checkSegments(segments, count);
  const engines = kind === "uml" ? guestEngines(engine, count) : dealtEngines(engine, count);
  const hosts = engines.map((engine, i) => ({ name: `h${i + 1}`, address: hostAddress(i, segments), engine }));
  const faults = options.faults === undefined ? {} : { faults: checkedFaults(name, hosts, options.faults) };
  requireRoot();
  if (kind === "uml") checkMemory(count);
  const record = await draftRecord({ name, kind, folder: labFolder(resolve(options.cwd), name), hosts, ...faults });
  await refuseTaken(record);
  await ensurePrograms(() => missingForUp(record), install, { onProgress, signal });
  const roots = await rootsOf(record, { onProgress, signal });
  if (!(await claimRecord(record))) await refuseTaken(record);
  try {
    return await make(record, roots, { onProgress, signal });
  } catch (error) {
    onProgress(`taking lab ${name} away again`);
    await removeLab(name, record);
    throw error;
  }
};

const make = async (
  lab: LabRecord,
  roots: ReadonlyMap<Engine, string>,
  { onProgress, signal }: { readonly onProgress: Progress; readonly signal: AbortSignal | undefined },
): Promise<Lab> => {
  const { name, folder, hosts } = lab;
  const image = `${folder}/image.tar`;
  // without a record it is what a reboot of the machine left of an earlier lab
  await run("rm", ["-rf", "--one-file-system", folder], { signal });
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/.gitignore`, "*\n");
  await allOrFirstError<unknown>([
    writeKeys(folder, hosts, signal),
    writeImage(image, (await staticBusybox()) ?? "busybox", signal),
    ...hosts.map((host) => kinds[lab.kind].write(lab, host, roots.get(host.engine))),
    noteNetnsFolder().then(() => buildFabric(lab, signal)),
  ]);
  const limit = pLimit(4 * availableParallelism());
  const starts = hosts.map((host) =>
    limit(async () => {
      signal?.throwIfAborted();
      const version = await kinds[lab.kind].start(lab, host, { image, signal });
      onProgress(`${host.name} at ${host.address}: Docker ${version} (${host.engine})`);
      return { ...host, version };
    }),
  );
  const up = await allOrFirstError(starts);
  if (lab.faults !== undefined) await applyFaults(lab, lab.hosts);
  const inventory = `${folder}/inventory.yml`;
  await writeFile(inventory, inventoryText({ ...lab, relay: (await relay()) ?? "nc %h %p" }));
  await updateRecord({ ...lab, ready: true });
  return { name, kind: lab.kind, folder, inventory, hosts: up };
};

// what is under way while the lab is taken away would only disturb that: wait for all of it
const allOrFirstError = async <T>(starts: readonly Promise<T>[]): Promise<readonly T[]> => {
  await Promise.allSettled(starts);
  return await Promise.all(starts);
};

const draftRecord = async (lab: Omit<LabRecord, "ready" | "madeBy">): Promise<LabRecord> => ({
  ...lab,
  ready: false,
  madeBy: { pid: process.pid, startTime: (await startTimeOf(process.pid)) ?? "" },
});

const refuseTaken = async ({ name, folder }: LabRecord): Promise<void> => {
  const taken = await readRecord(name);
  const remedy = `run \`xhost lab down ${name}\` first`;
  if (taken === undefined) {
    if ((await labNamespaces(name)).length === 0) return;
    throw new XhostError("CONFLICT", `lab ${name}: there are namespaces of that name: ${remedy}`);
  }
  const whose = taken.folder === folder ? "" : ` (it belongs to ${taken.folder})`;
  if (await isBeingMade(taken))
    throw new XhostError("CONFLICT", `lab ${name}: process ${taken.madeBy.pid} is bringing it up${whose}`);
  const state = taken.ready ? "is up already" : "was cut short while it was brought up";
  throw new XhostError("CONFLICT", `lab ${name}: ${state}${whose}: ${remedy}`);
};

type Options = { readonly onProgress: Progress; readonly signal: AbortSignal | undefined };

const missingForUp = async ({ kind, hosts, faults }: LabRecord) => [
  ...(await missingPrograms(hosts.map(({ engine }) => engine))),
  ...(kind === "uml" ? await missingOf(guestPrograms) : []),
  ...(faults === undefined ? [] : await missingOf(faultPrograms(faults))),
];

const rootsOf = async ({ kind, hosts }: LabRecord, options: Options): Promise<ReadonlyMap<Engine, string>> => {
  const roots = new Map<Engine, string>();
  for (const engine of new Set(hosts.map((host) => host.engine))) {
    const root = await kinds[kind].root(engine, options);
    if (root !== undefined) roots.set(engine, root);
  }
  return roots;
};
