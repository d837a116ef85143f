import { readdir, readFile, readlink, stat } from "node:fs/promises";

/** A process as the machine sees it. `nsPids`: its pid here and in each pid namespace below (proc_pid_status(5), NSpid). */
export type NamespaceProcess = { readonly pid: number; readonly nsPids: readonly number[] };

/** Every process whose network namespace is one of those named, found in one pass over /proc; keyed by namespace. */
export const processesIn = async (
  namespaces: readonly string[],
): Promise<ReadonlyMap<string, readonly NamespaceProcess[]>> => {
  const found = new Map<string, NamespaceProcess[]>(namespaces.map((name) => [name, []]));
  const names = new Map<string, string>();
  for (const name of namespaces) {
    const link = await namespaceLink(name);
    if (link !== undefined) names.set(link, name);
  }
  if (names.size === 0) return found;
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  await Promise.all(
    pids.map(async (pid) => {
      // gone meanwhile, a zombie, or one that may not be looked at: none of the lab's
      const name = names.get(await readlink(`/proc/${pid}/ns/net`).catch(() => ""));
      if (name !== undefined) found.get(name)?.push({ pid: Number(pid), nsPids: await nsPidsOf(pid) });
    }),
  );
  return found;
};

/** True for the first process of a pid namespace right below this one: that of a host. */
export const isInit = ({ nsPids }: NamespaceProcess): boolean => nsPids.length === 2 && nsPids[1] === 1;

/** Tells two processes of the same pid apart (proc_pid_stat(5), field 22); undefined when it has ended, a zombie included. */
export const startTimeOf = async (pid: number): Promise<string | undefined> => {
  const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // the second field is the command in parentheses and may hold blanks
  const [state, ...rest] = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return state === "Z" || state === "X" ? undefined : rest[18];
};

/** The form of readlink /proc/PID/ns/net, or undefined for a file on which no namespace is mounted (a cut-short `ip netns add`). */
const namespaceLink = async (name: string): Promise<string | undefined> => {
  const own = await stat("/proc/self/ns/net");
  const file = await stat(`/run/netns/${name}`).catch(() => undefined);
  return file?.dev === own.dev && file.ino !== own.ino ? `net:[${file.ino}]` : undefined;
};

const nsPidsOf = async (pid: string): Promise<readonly number[]> => {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return (/^NSpid:\s*(.*)$/m.exec(status)?.[1] ?? "").split(/\s+/).map(Number);
};
