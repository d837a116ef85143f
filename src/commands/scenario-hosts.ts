import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { combined, XhostError } from "../errors.ts";
import type { InventoryHost } from "../inventory/inventory.ts";
import { ALIASES, readYaml } from "../inventory/yaml-file.ts";
import type { Stage } from "../scenario/deploy-inventory.ts";
import { afterwards } from "../scenario/afterwards.ts";
import { arm } from "../scenario/guard.ts";
import type { Guarded } from "../scenario/guarded-steps.ts";
import type { Connector } from "../ssh/connect.ts";
import type { Host } from "../ssh/host.ts";
import type { Context } from "./context.ts";

/** What the inventory says of how to get to them, as it is written there: what it reads from the environment stays so. */
export const asWritten = async (
  file: string,
  hosts: readonly InventoryHost[],
  { cwd }: Context,
): Promise<Pick<Stage, "defaults" | "hosts">> => {
  const { doc } = readYaml(await readFile(resolve(cwd, file), "utf8"), file);
  const written = doc.toJS(ALIASES) as { defaults?: unknown; hosts: Readonly<Record<string, unknown>> };
  return { defaults: written.defaults, hosts: new Map(hosts.map(({ name }) => [name, written.hosts[name]])) };
};

/** A host with its Docker, claimed for a scenario. */
export type ClaimedHost = Guarded & { readonly host: Host };

/** Opens the hosts and claims them for the scenario, hands them over, and lets go of them; with `keep` what the guards know of stays. */
export const withGuards = async <T>(
  ssh: Connector,
  hosts: readonly InventoryHost[],
  { name, keep }: { readonly name: string; readonly keep: boolean },
  use: (guarded: readonly ClaimedHost[]) => Promise<T>,
): Promise<T> => {
  const guarded: ClaimedHost[] = [];
  const work = async (): Promise<T> => {
    const open = await all(hosts.map((host) => ssh.open(host)));
    await all(open.map(async (host) => guarded.push({ host, guard: await arm(host, name) })));
    guarded.sort((a, b) => open.indexOf(a.host) - open.indexOf(b.host));
    return use(guarded);
  };
  const result = await work().catch(async (error: unknown) => {
    throw await afterwards(error, all(guarded.map(({ guard }) => guard.end())));
  });
  await all(guarded.map(({ guard }) => (keep ? guard.keep() : guard.end())));
  return result;
};

/** Waits for all of them; what failed is thrown together. */
export const all = async <T>(work: readonly Promise<T>[]): Promise<T[]> => {
  const settled = await Promise.allSettled(work);
  const failed = settled.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
  const expected = failed.filter((error) => error instanceof XhostError);
  if (expected.length < failed.length) throw failed.find((error) => !(error instanceof XhostError));
  if (expected.length > 0) throw combined(expected);
  return settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
};
