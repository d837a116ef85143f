import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import pLimit from "p-limit";
import { XhostError } from "../errors.ts";
import { isBeingMade, removeLab } from "./down.ts";
import { labNamespaces } from "./end.ts";
import { dealtEngines, suiteOf, type Engine } from "./engine.ts";
import { buildFabric } from "./fabric.ts";
import { startHost, writeHost } from "./host.ts";
import { writeImage } from "./image.ts";
import { installPackages, packagesFor } from "./install.ts";
import { inventoryText } from "./inventory.ts";
import { writeKeys } from "./keys.ts";
import { checkHostCount, checkLabName, hostAddress, labFolder } from "./names.ts";
import { noteNetnsFolder } from "./netns-folder.ts";
import { startTimeOf } from "./processes.ts";
import { missingError, missingPrograms, relay, staticBusybox } from "./programs.ts";
import { claimRecord, readRecord, updateRecord, type LabHost, type LabRecord } from "./record.ts";
import { requireRoot } from "./root.ts";
import { suiteRoot } from "./rootfs.ts";
import { run } from "./run.ts";

/** A lab that is up; `version` is what each host's engine said of itself. */
export type Lab = {
  readonly name: string;
  readonly folder: string;
  readonly inventory: string;
  readonly hosts: readonly (LabHost & { readonly version: string })[];
};

type Progress = (line: string) => void;

/**
 * Makes a lab below `cwd` and waits until every host answers. What fails or is aborted is taken away again; only a kill leaves
 * something, and `labDown` removes that. `engine`: as for `dealtEngines`. `install`: missing packages are installed first.
 */
export const labUp = async (options: {
  readonly name: string;
  readonly hosts: number;
  readonly engine?: string | undefined;
  readonly install?: boolean | undefined;
  readonly cwd: string;
  readonly onProgress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<Lab> => {
  const { name, hosts: count, engine, install = false, signal, onProgress = () => undefined } = options;
  checkLabName(name);
  checkHostCount(count);
  const engines = dealtEngines(engine, count);
  requireRoot();
  const record = await draftRecord(name, labFolder(resolve(options.cwd), name), engines);
  await refuseTaken(record);
  await ensurePrograms(engines, install, { onProgress, signal });
  const roots = await suiteRoots(engines, { onProgress, signal });
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
  await Promise.all([
    writeKeys(folder, hosts, signal),
    writeImage(image, (await staticBusybox()) ?? "busybox", signal),
    ...hosts.map((host) => writeHost(lab, host, roots.get(host.engine))),
    noteNetnsFolder().then(() => buildFabric(name, hosts, signal)),
  ]);
  const limit = pLimit(4 * availableParallelism());
  const starts = hosts.map((host) =>
    limit(async () => {
      signal?.throwIfAborted();
      const version = await startHost(lab, host, { image, signal });
      onProgress(`${host.name} at ${host.address}: Docker ${version} (${host.engine})`);
      return { ...host, version };
    }),
  );
  const up = await allOrFirstError(starts);
  const inventory = `${folder}/inventory.yml`;
  await writeFile(inventory, inventoryText({ ...lab, relay: (await relay()) ?? "nc %h %p" }));
  await updateRecord({ ...lab, ready: true });
  return { name, folder, inventory, hosts: up };
};

// a start that is under way while the lab is taken away would only disturb that: wait for all of them
const allOrFirstError = async <T>(starts: readonly Promise<T>[]): Promise<readonly T[]> => {
  await Promise.allSettled(starts);
  return await Promise.all(starts);
};

const draftRecord = async (name: string, folder: string, engines: readonly Engine[]): Promise<LabRecord> => ({
  name,
  folder,
  hosts: engines.map((engine, i) => ({ name: `h${i + 1}`, address: hostAddress(i), engine })),
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

const ensurePrograms = async (engines: readonly Engine[], install: boolean, options: Options): Promise<void> => {
  const missing = await missingPrograms(engines);
  if (missing.length === 0) return;
  if (!install) throw missingError(missing, await packagesFor(missing));
  await installPackages(await packagesFor(missing), options);
  const still = await missingPrograms(engines);
  if (still.length > 0) throw missingError(still, await packagesFor(still));
};

const suiteRoots = async (engines: readonly Engine[], options: Options): Promise<ReadonlyMap<Engine, string>> => {
  const roots = new Map<Engine, string>();
  for (const engine of new Set(engines)) {
    const suite = suiteOf(engine);
    if (suite !== undefined) roots.set(engine, await suiteRoot(suite, options));
  }
  return roots;
};
