import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { XhostError } from "../errors.ts";
import { removeCgroups, thawCgroups } from "./cgroups.ts";
import { engineVersion, importImage } from "./docker.ts";
import { endProcesses, labNamespaces, removeNamespaces } from "./end.ts";
import { removeCable } from "./fabric.ts";
import { hostFiles, initScript } from "./init.ts";
import { hostFolder } from "./keys.ts";
import type { Entry } from "./kind.ts";
import { namespaceOf } from "./names.ts";
import { isInit, processesIn } from "./processes.ts";
import type { LabHost, LabRecord } from "./record.ts";
import { hostEnvironment } from "./run.ts";

/** Seconds until a host has to answer; on an idle machine it takes three. */
const patience = 60;

/** Writes what init needs into the host's folder. `lower` is the cached root, undefined for the machine's own. */
export const writeHost = async (lab: LabRecord, host: LabHost, lower: string | undefined): Promise<void> => {
  const machine = { lab: lab.name, host, hosts: lab.hosts, lower };
  const folder = hostFolder(lab.folder, host.name);
  await mkdir(`${folder}/files/etc`, { recursive: true });
  await mkdir(`${folder}/files/ssh`, { recursive: true });
  for (const [path, content] of Object.entries(hostFiles(machine))) await writeFile(`${folder}/files/${path}`, content);
  await writeFile(`${folder}/init`, initScript(machine));
};

/** The first process of each running host, whose namespaces are the host, by the host's name. */
export const runningHosts = async ({ name, hosts }: LabRecord): Promise<ReadonlyMap<string, number>> => {
  const processes = await processesIn(hosts.map((host) => namespaceOf(name, host.name)));
  const inits = hosts.map(
    (host) => [host.name, processes.get(namespaceOf(name, host.name))?.find(isInit)?.pid] as const,
  );
  return new Map(inits.flatMap(([host, pid]) => (pid === undefined ? [] : [[host, pid] as const])));
};

/** Into all namespaces of a running host. */
export const enterHost = (
  _lab: LabRecord,
  _host: LabHost,
  { pid, command }: { readonly pid: number; readonly command: readonly string[] },
): Entry => ({ cwd: "/", args: [`--target=${pid}`, "--mount", "--uts", "--ipc", "--net", "--pid", "--", ...command] });

/**
 * Everything of the host's kernel ends; its disk is kept (unless that had to be in memory, see `initScript`). A host that is down
 * stays so.
 */
export const stopHost = async ({ name }: LabRecord, host: LabHost): Promise<void> => {
  const namespace = namespaceOf(name, host.name);
  if (!(await labNamespaces(name)).includes(namespace)) return;
  await thawCgroups(name, host.name);
  await endProcesses([namespace]);
  await removeCable(name, host.name);
  await removeNamespaces([namespace]);
  await removeCgroups(name, host.name);
};

/** Starts a host whose namespace and cable are there; returns its engine's version when sshd listens and Docker answers. */
export const startHost = async (
  lab: LabRecord,
  host: LabHost,
  options: { readonly image: string; readonly signal: AbortSignal | undefined },
): Promise<string> => {
  const folder = hostFolder(lab.folder, host.name);
  await mkdir(`${folder}/log`, { recursive: true });
  // nsenter and not `ip netns exec`, which mounts a new /sys without the cgroups; it becomes unshare, which stays as the parent
  const enter = ["nsenter", `--net=/run/netns/${namespaceOf(lab.name, host.name)}`];
  const unshare = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "sh", "init"];
  const { nodeChildProcess: parent } = execa(
    "sh",
    ["-c", 'exec "$@" >>log/init.log 2>&1', "sh", ...enter, ...unshare],
    {
      cwd: folder,
      env: hostEnvironment,
      extendEnv: false,
      stdio: "ignore",
      detached: true,
      cleanup: false,
      reject: false,
    },
  );
  parent.unref();
  const { pid } = parent;
  const version = pid === undefined ? undefined : await answer(pid, () => parent.exitCode === null, options.signal);
  options.signal?.throwIfAborted();
  if (pid === undefined || version === undefined)
    throw new XhostError("REMOTE", `the lab host did not come up in ${patience} s\n${await logTail(folder)}`, {
      host: host.name,
    });
  await importImage(pid, options.image);
  return version;
};

const answer = async (pid: number, isAlive: () => boolean, signal: AbortSignal | undefined) => {
  const end = performance.now() + patience * 1000;
  while (performance.now() < end && isAlive() && signal?.aborted !== true) {
    // sshd writes its pid when it listens
    const sshd = await access(`/proc/${pid}/root/run/sshd.pid`).then(
      () => true,
      () => false,
    );
    const version = sshd ? await engineVersion(pid) : undefined;
    if (version !== undefined) return version;
    await setTimeout(100);
  }
  return undefined;
};

const logTail = async (folder: string): Promise<string> => {
  const logs = ["init.log", "sshd.log", "dockerd.log"].map(async (name) => {
    const lines = (await readFile(`${folder}/log/${name}`, "utf8").catch(() => "")).trim();
    return lines === "" ? [] : [`${folder}/log/${name}:`, ...lines.split("\n").slice(-20)];
  });
  return (await Promise.all(logs)).flat().join("\n");
};
