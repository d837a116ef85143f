import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Look } from "../src/commands/look.ts";
import { parseInventory } from "../src/inventory/parse.ts";
import { fabric, type Fabric } from "../src/model/fabric.ts";
import type { Facts } from "../src/model/facts.ts";
import type { Sight } from "../src/model/sight.ts";
import { dockerFacts, type DockerAnswers } from "../src/observe/docker.ts";
import { parseHost } from "../src/observe/observe.ts";
import { wantedState } from "../src/plan/wanted.ts";

const captures = join(import.meta.dirname, "captures");

/** What a host of the captures said, with Docker 20.10 (h1), 28.5 (h2) or 26.1 (h3), before or after a deploy of their inventory. */
export const facts = async (moment: string, host: string): Promise<Facts> => {
  const answers = JSON.parse(await readFile(join(captures, moment, `${host}.docker.json`), "utf8")) as DockerAnswers;
  return { ...dockerFacts(answers), ...parseHost(await readFile(join(captures, moment, `${host}.txt`), "utf8")) };
};

/** A look at the captured hosts, with the inventory or what they said changed; `down` did not answer. */
export type Case = {
  moment: "before" | "after";
  edit?: (text: string) => string;
  down?: string;
  limit?: string;
  editFacts?: (f: Facts) => Facts;
};

export const look = async ({ moment, edit = (t) => t, down, limit, editFacts = (f) => f }: Case): Promise<Look> => {
  const text = await readFile(join(captures, "inventory.yml"), "utf8");
  const whole = await seen(text, moment);
  const deployed = moment === "after" ? fabric(whole.inventory, whole.sights) : undefined;
  const { inventory, sights } = await seen(edit(text), moment, (host, own) => {
    if (host === down) return undefined;
    return editFacts(deployed === undefined ? own : { ...own, boot: bootOf(deployed, host, own) });
  });
  const chosen = new Set(limit === undefined ? inventory.hosts.map((h) => h.name) : [limit]);
  return { inventory, sights, hosts: new Map(), failed: new Map(), chosen, depths: new Map() };
};

type Edit = (host: string, own: Facts) => Facts | undefined;

const seen = async (
  text: string,
  moment: string,
  edit: Edit = (_, own) => own,
): Promise<Pick<Look, "inventory" | "sights">> => {
  const inventory = parseInventory(text, { file: "inventory.yml", env: {} });
  const sights = new Map<string, Sight>();
  for (const host of inventory.hosts)
    sights.set(host.name, { host, hostname: host.ssh.host, facts: edit(host.name, await facts(moment, host.name)) });
  return { inventory, sights };
};

/** The captures are older than the boot scripts: what the deploy of their inventory would have left. */
const bootOf = (deployed: Fabric, host: string, own: Facts): Facts["boot"] =>
  new Map(
    wantedState(deployed, host, own, {}).flatMap((r) =>
      r.kind === "boot" ? [[deployed.inventory.name, { digests: r.digests, unit: r.unit }] as const] : [],
    ),
  );
