import { readdir, rmdir, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { cgroupOf } from "./names.ts";

const root = "/sys/fs/cgroup";

/** The lab's cgroup, or one host's below it, in the unified hierarchy (v2) and in each of the others (v1). */
const foldersOf = async (lab: string, host: string | undefined): Promise<readonly string[]> => {
  const folder = host === undefined ? cgroupOf(lab) : `${cgroupOf(lab)}/${host}`;
  const hierarchies = await readdir(root).catch(() => []);
  return [`${root}/${folder}`, ...hierarchies.map((name) => `${root}/${name}/${folder}`)];
};

/**
 * Lets go on what is paused in the lab's cgroup, or in one host's: SIGKILL waits for that where the freezer is of v1
 * (freezer-subsystem.rst, Documentation/admin-guide/cgroup-v1).
 */
export const thawCgroups = async (lab: string, host?: string): Promise<void> => {
  for (const path of await foldersOf(lab, host)) await thawTree(path);
};

const thawTree = async (path: string): Promise<void> => {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === "freezer.state"))
    await writeFile(`${path}/freezer.state`, "THAWED").catch(() => undefined);
  for (const entry of entries) if (entry.isDirectory()) await thawTree(`${path}/${entry.name}`);
};

/**
 * Removes what Docker left when its host was killed: its cgroups. Only `rmdir`, which refuses while a process is inside; those end asynchronously.
 */
export const removeCgroups = async (lab: string, host?: string): Promise<void> => {
  for (const path of await foldersOf(lab, host)) await removeTree(path);
};

const removeTree = async (path: string): Promise<void> => {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return;
  for (const entry of entries) if (entry.isDirectory()) await removeTree(`${path}/${entry.name}`);
  for (let left = 50; ; left -= 1) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      if (left === 0) throw error;
      await setTimeout(100);
    }
  }
};
