import { readFile } from "node:fs/promises";
import { namespaceOf } from "../names.ts";
import { isInit, processesIn } from "../processes.ts";

/**
 * The first process of each host's pid namespace by the host's name; a host that is down is not among them. All are in the switch's
 * network namespace, so the name is read from the command line, `bash boot h1`.
 */
export const runningGuests = async (lab: string): Promise<ReadonlyMap<string, number>> => {
  const namespace = namespaceOf(lab);
  const inits = ((await processesIn([namespace])).get(namespace) ?? []).filter(isInit);
  const named = inits.map(async ({ pid }) => {
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    return words[0] === "bash" && words[1] === "boot" ? [[words[2] ?? "", pid] as const] : [];
  });
  return new Map((await Promise.all(named)).flat());
};
