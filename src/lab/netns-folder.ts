import { access, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { recordFolder } from "./record.ts";
import { run } from "./run.ts";

const netns = "/run/netns";
const note = `${recordFolder}/netns-folder`;

/**
 * `ip netns add` mounts /run/netns on itself at its first use on a machine and never undoes that (ip-netns(8)). So before
 * a lab's first namespace: if that mount will be the lab's doing, note so, and whether the folder will be too.
 */
export const noteNetnsFolder = async (): Promise<void> => {
  if (await isMounted()) return;
  const isThere = await access(netns).then(
    () => true,
    () => false,
  );
  await writeFile(note, isThere ? "mount" : "folder");
};

/** With the last lab of the machine: takes the mount away that a lab caused, unless others have namespaces there now. */
export const removeNetnsFolder = async (): Promise<void> => {
  const made = await readFile(note, "utf8").catch(() => undefined);
  if (made === undefined) return;
  if ((await isMounted()) && (await readdir(netns)).length === 0) await run("umount", [netns]);
  if (made === "folder" && !(await isMounted())) await rmdir(netns).catch(() => undefined);
  await rm(note);
};

const isMounted = async (): Promise<boolean> =>
  (await readFile("/proc/self/mountinfo", "utf8")).split("\n").some((line) => line.split(" ")[4] === netns);
