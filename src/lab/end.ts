import { readdir, rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { XhostError } from "../errors.ts";
import { isNamespaceOf } from "./names.ts";
import { processesIn, startTimeOf } from "./processes.ts";
import { run } from "./run.ts";

/** The lab's names in /run/netns, from the folder itself: so also those of an `up` that was cut short. */
export const labNamespaces = async (lab: string): Promise<readonly string[]> =>
  (await readdir("/run/netns").catch(() => [])).filter((name) => isNamespaceOf(lab, name));

/** Kills what runs in these network namespaces, and so all that it started in pid namespaces below; nothing else. */
export const endProcesses = async (namespaces: readonly string[]): Promise<void> =>
  await endAll(async () => [...(await processesIn(namespaces)).values()].flat().map(({ pid }) => pid));

/** Kills what `find` finds, until it finds nothing more and all of them are gone. */
export const endAll = async (find: () => Promise<readonly number[]>): Promise<void> => {
  const killed = new Map<number, string>();
  for (let left = 200; ; left -= 1) {
    const pids = await find();
    for (const pid of pids) {
      const start = await startTimeOf(pid);
      if (start !== undefined) killed.set(pid, start);
      kill(pid);
    }
    // the first process of a pid namespace leaves its other namespaces, then waits for the end of all in that one
    for (const [pid, start] of killed) if ((await startTimeOf(pid)) !== start) killed.delete(pid);
    if (pids.length === 0 && killed.size === 0) return;
    if (left === 0) throw new XhostError("REMOTE", `lab: processes do not end: ${[...killed.keys()].join(" ")}`);
    await setTimeout(50);
  }
};

/** Removes the names; the kernel ends a namespace that has no process and no name. */
export const removeNamespaces = async (namespaces: readonly string[]): Promise<void> => {
  const lines = namespaces.map((name) => `netns del ${name}`).join("\n");
  // goes on after an error: a name without a namespace behind it, as a cut-short `ip netns add` leaves it, is removed below
  await run("ip", ["-force", "-batch", "-"], { input: `${lines}\n` }).catch(() => undefined);
  for (const name of namespaces) await rm(`/run/netns/${name}`, { force: true });
};

const kill = (pid: number) => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it ended by itself meanwhile
  }
};
