// Three real hosts as they told of themselves after a deploy, with Docker 20.10 (h1), 28.5 (h2) and 26.1 (h3), to walk packets over.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseInventory } from "../src/inventory/parse.ts";
import type { Depth, Space } from "../src/model/depth.ts";
import { fabric, type Fabric } from "../src/model/fabric.ts";
import type { Rule } from "../src/model/depth-rules.ts";
import type { Sight } from "../src/model/sight.ts";
import { parseDepth } from "../src/observe/depth.ts";
import { walkEnd } from "../src/walk/blocking.ts";
import { deciderText } from "../src/walk/hop.ts";
import { request, type Packet } from "../src/walk/packet.ts";
import { firstDrop, walkBoth } from "../src/walk/walk.ts";
import type { World } from "../src/walk/world.ts";
import { facts } from "./captured.ts";

const captures = join(import.meta.dirname, "captures");
export const HOSTS = ["h1", "h2", "h3"];
/** The hosts as a deploy left them. */
const looked = new Map(
  await Promise.all(
    HOSTS.map(async (host) => {
      const depth = parseDepth(await readFile(join(captures, "deep", `${host}.txt`), "utf8"));
      return [host, { facts: await facts("deep", host), depth }] as const;
    }),
  ),
);

export const world: World = looked;

const fabricOf = async (): Promise<Fabric> => {
  const text = await readFile(join(captures, "inventory.yml"), "utf8");
  const inventory = parseInventory(text, { file: "inventory.yml", env: {} });
  const sights = inventory.hosts.map((host): [string, Sight] => [
    host.name,
    { host, hostname: host.ssh.host, facts: looked.get(host.name)?.facts },
  ]);
  return fabric(inventory, new Map(sights));
};

export const whole = await fabricOf();

type Edit = { readonly host: string; readonly own?: (space: Space) => Space; readonly depth?: (depth: Depth) => Depth };

/** The hosts with one of them changed. */
export const edited = ({ host, own = (space) => space, depth = (all) => all }: Edit): World =>
  new Map(
    [...world].map(([name, seen]) =>
      name === host ? [name, { ...seen, depth: depth({ ...seen.depth, own: own(seen.depth.own) }) }] : [name, seen],
    ),
  );

/** A rule at the head of a chain. */
export const inserted =
  (table: string, chain: string, text: string) =>
  (space: Space): Space => {
    const chains = new Map(space.iptables.get(table));
    const old = chains.get(chain) ?? { name: chain, policy: "ACCEPT", packets: 0, rules: [] };
    const rules: Rule[] = [text, ...old.rules.map((rule) => rule.text)].map((each, i) => ({
      number: i + 1,
      text: each,
      packets: 0,
    }));
    chains.set(chain, { ...old, rules });
    return { ...space, iptables: new Map([...space.iptables, [table, chains]]) };
  };

/** A kernel setting. */
export const conf =
  (key: string, value: string) =>
  (space: Space): Space => ({ ...space, conf: new Map([...space.conf, [key, value]]) });

/** Where a container is. */
export const endOf = (ref: string) => walkEnd(whole, world, ref)!;

/** A ping there and back, of c1 to c2 where nothing else is said. */
export const walked = (changed: World, from = "c1", to = "c2", packet: Partial<Packet> = {}) => {
  const [a, b] = [endOf(from), endOf(to)];
  return walkBoth(changed, {
    from: a.place,
    packet: { ...request({ source: a.address, destination: b.address }), ...packet },
  });
};

/** What drops it first, in words. */
export const dropped = (changed: World, from = "c1", to = "c2", packet: Partial<Packet> = {}): string | undefined => {
  const { there, back } = walked(changed, from, to, packet);
  const hop = firstDrop([...there.hops, ...(back?.hops ?? [])]);
  return hop && `${hop.host} ${hop.point}: ${deciderText(hop.decides)}`;
};
