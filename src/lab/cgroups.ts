import { readdir, rmdir } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { cgroupOf } from "./names.ts";

const root = "/sys/fs/cgroup";

/**
 * Removes what Docker left when its host was killed: the lab's cgroup, or one host's below it, in the unified hierarchy (v2)
 * and in each of the others (v1). Only `rmdir`, which refuses while a process is inside; those end asynchronously.
 */
export const removeCgroups = async (lab: string, host?: string): Promise<void> => {
  const folder = host === undefined ? cgroupOf(lab) : `${cgroupOf(lab)}/${host}`;
  const hierarchies = await readdir(root).catch(() => []);
  for (const path of [`${root}/${folder}`, ...hierarchies.map((name) => `${root}/${name}/${folder}`)])
    await removeTree(path);
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
