import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { XhostError } from "../errors.ts";
import type { InventoryHost } from "../inventory/inventory.ts";
import { inventoryText, type Stage } from "../scenario/deploy-inventory.ts";
import type { DeployScenario, Wanted } from "../scenario/deploy-scenario.ts";
import { connector } from "../ssh/connect.ts";
import { dockerCall } from "../ssh/docker-call.ts";
import type { Context } from "./context.ts";
import { readInventory } from "./read-inventory.ts";
import { all, asWritten, withGuards, type ClaimedHost } from "./scenario-hosts.ts";
import { dropKeptInventory, keptInventory } from "./scenario-lab.ts";

/** The hosts of an inventory that are chosen for something, and which ones. */
export type Chosen = { readonly inventory: string; readonly names: readonly string[] };

/** The hosts on which a deploy scenario is played, each claimed for it. */
export type Fleet = {
  /** By the name that the scenario has for it. */
  readonly hosts: ReadonlyMap<string, ClaimedHost>;
  readonly stage: Stage;
  /** Whether an earlier run had left something on a host. */
  readonly tookOver: boolean;
  /** Writes the inventory for what is wanted, and returns its path. */
  readonly write: (wanted: Wanted, file: string) => Promise<string>;
};

/** Opens and claims the hosts, hands them over, and lets go of them; with `keep` they stay claimed, and the inventory is left for the user. */
export const onFleet = async <T>(
  { inventory: file, names }: Chosen,
  { scenario, keep }: { readonly scenario: DeployScenario; readonly keep: boolean },
  context: Context,
  use: (fleet: Fleet) => Promise<T>,
): Promise<T> => {
  const hosts = await chosenHosts({ inventory: file, names }, context, scenario);
  const ssh = connector({ timeout: context.timeout, note: context.note });
  const folder = await mkdtemp(join(tmpdir(), "xhost-scenario-"));
  try {
    return await withGuards(ssh, hosts, { name: scenario.name, keep }, async (guarded) => {
      const image = await imageFor(scenario, guarded);
      const stage = { ...(await asWritten(file, hosts, context)), image };
      const write = async (wanted: Wanted, name: string): Promise<string> => {
        const path = join(folder, name);
        await writeFile(path, inventoryText(scenario, wanted, stage), { mode: 0o600 });
        return path;
      };
      const roles = scenario.deploy.hosts.flatMap((role, i) =>
        guarded[i] === undefined ? [] : [[role, guarded[i]] as const],
      );
      const tookOver = guarded.some(({ guard }) => guard.tookOver !== undefined);
      if (keep) await keepInventory(inventoryText(scenario, scenario.deploy.wanted, stage), scenario.name, context);
      const result = await use({ hosts: new Map(roles), stage, tookOver, write }).catch(async (error: unknown) => {
        await dropKeptInventory(scenario.name, context);
        throw error;
      });
      if (keep) context.note(`To look around in it: xhost status ${keptInventory(scenario.name)}`);
      return result;
    });
  } finally {
    await ssh.close();
    await rm(folder, { recursive: true });
  }
};

const chosenHosts = async (
  { inventory: file, names }: Chosen,
  context: Context,
  { name, deploy }: DeployScenario,
): Promise<readonly InventoryHost[]> => {
  const { hosts } = await readInventory(file, context);
  const count = deploy.hosts.length;
  const unknown = names.filter((each) => hosts.every((host) => host.name !== each));
  if (unknown.length > 0)
    throw new XhostError(
      "INVENTORY",
      `--host: no host named ${unknown.join(", ")} in ${file} (known: ${hosts.map((host) => host.name).join(", ")})`,
    );
  const chosen = names.length > 0 ? hosts.filter((host) => names.includes(host.name)) : hosts.slice(0, count);
  chosen.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  if (chosen.length === count) return chosen;
  throw new XhostError(
    "INVENTORY",
    `scenario ${name} takes ${count} hosts: ${names.length > 0 ? `--host names ${chosen.length}` : `${file} has ${chosen.length}`}`,
  );
};

/** The first of the scenario's images that all hosts have; else the first, which has to be pulled. */
const imageFor = async ({ deploy }: DeployScenario, guarded: readonly ClaimedHost[]): Promise<string> => {
  const tags = await all(
    guarded.map(async ({ host }) => {
      const images = await dockerCall(host, "list the images", host.docker.listImages());
      return new Set(images.flatMap(({ RepoTags }) => RepoTags ?? []));
    }),
  );
  const full = (image: string): string => (image.includes(":") ? image : `${image}:latest`);
  const [first = ""] = deploy.images;
  return deploy.images.find((image) => tags.every((has) => has.has(full(image)))) ?? first;
};

const keepInventory = async (text: string, name: string, { cwd }: Context): Promise<void> => {
  const path = join(cwd, keptInventory(name));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, text, { mode: 0o600 });
};
