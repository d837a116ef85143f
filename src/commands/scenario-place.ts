import { mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { XhostError } from "../errors.ts";
import type { Place } from "../scenario/guard.ts";
import { arm } from "../scenario/guard.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { connector } from "../ssh/connect.ts";
import { keptHost, localHost } from "../ssh/local.ts";
import type { Context } from "./context.ts";
import { readInventory } from "./read-inventory.ts";
import type { Chosen } from "./scenario-fleet.ts";

/** Where a scenario is run. */
export type Where = { readonly kind: "local" } | ({ readonly kind: "hosts" } & Chosen);

/** Of kept ones on this machine: a file NAME with the first process of its namespaces. */
const KEPT = "/run/xhost/local";

type Run = { readonly scenario: Scenario; readonly keep: boolean };

/** Opens the place, hands it over and closes it. A place on this machine that is kept is written down, and taken away before the next. */
export const onPlace = async <T>(
  where: Where,
  { scenario, keep }: Run,
  context: Context,
  use: (host: Place, isLocal: boolean) => Promise<T>,
): Promise<T> => {
  if (where.kind === "hosts") return onHost(where, context, (host) => use(host, false));
  if (await endKept(scenario.name, context)) context.note("What an earlier run had kept was taken back first.");
  const host = await localHost({ timeout: context.timeout });
  try {
    const result = await use(host, true);
    if (keep) {
      await host.keep();
      await mkdir(KEPT, { recursive: true, mode: 0o700 });
      await writeFile(`${KEPT}/${scenario.name}`, `${host.pid}\n`, { mode: 0o600 });
      context.note(`To look around in it: nsenter --target ${host.pid} --all`);
    }
    return result;
  } finally {
    await host.close();
  }
};

const onHost = async <T>(
  { inventory: file, names: [name, another] }: Chosen,
  context: Context,
  use: (host: Place) => Promise<T>,
): Promise<T> => {
  const inventory = await readInventory(file, context);
  const known = inventory.hosts.map((host) => host.name).join(", ");
  if (name === undefined)
    throw new XhostError("INVENTORY", `--inventory: on which of its hosts? add --host NAME (known: ${known})`);
  if (another !== undefined) throw new XhostError("INVENTORY", "--host: this scenario takes one host");
  const at = inventory.hosts.find((host) => host.name === name);
  if (at === undefined) throw new XhostError("INVENTORY", `--host: no host named ${name} in ${file} (known: ${known})`);
  const ssh = connector({ timeout: context.timeout, note: context.note });
  try {
    return await use(await ssh.open(at));
  } finally {
    await ssh.close();
  }
};

/** Names of those that are kept on this machine. */
export const keptHere = async (): Promise<readonly string[]> => (await readdir(KEPT).catch(() => [])).toSorted();

/** Takes back what a run on one host has left or kept; tells whether there was anything. */
export const cleanPlace = async (where: Where, name: string, context: Context): Promise<boolean> => {
  if (where.kind === "local") return endKept(name, context);
  return onHost(where, context, async (host) => {
    const guard = await arm(host, name);
    await guard.end();
    return guard.tookOver !== undefined;
  });
};

const endKept = async (name: string, { timeout }: Context): Promise<boolean> => {
  const file = `${KEPT}/${name}`;
  const pid = Number(await readFile(file, "utf8").catch(() => ""));
  const kept = pid > 1 ? await keptHost(pid, { timeout }) : undefined;
  kept?.end();
  await rm(file, { force: true });
  // The folders go with the last one; rmdir(2) refuses one that is not empty.
  for (const folder of [KEPT, dirname(KEPT)]) await rmdir(folder).catch(() => undefined);
  return kept !== undefined;
};
