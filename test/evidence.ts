// The captured hosts with what packets are said to have told of the ways between them.
import { type Carrier, type Evidence } from "../src/model/evidence.ts";
import { fabric, type Fabric } from "../src/model/fabric.ts";
import type { Facts } from "../src/model/facts.ts";
import { pairOf, type Pair } from "../src/model/pairs.ts";
import { look, type Case } from "./captured.ts";

export const auto = (t: string): string => t.replace(/ +plane: route\n/, "");
export const able = (f: Facts): Facts => ({ ...f, modules: new Map([...f.modules, ["ipip", "loadable"]]) });

export type Passing = Partial<Record<Carrier, number>>;
export const ALL: Passing = { foreign: 1500, proto4: 1500, "udp:4789": 1500, "udp:51820": 1500 };

/** The captured hosts with evidence from h1 to h2 (`there`), and back. */
export const measured = async (there: Passing, back: Passing = there, each: Partial<Case> = {}): Promise<Fabric> => {
  const seen = await look({ moment: "before", edit: auto, editFacts: able, ...each });
  const evidence = (to: string, source: string, target: string, sizes: Passing): [string, Evidence] => [
    to,
    {
      to,
      source,
      target,
      mtu: 1500,
      sizes: new Map(Object.entries(sizes) as [Carrier, number][]),
      at: "2026-11-22T12:00:00Z",
    },
  ];
  const known = new Map([
    ["h1", new Map([evidence("h2", "10.211.55.11", "10.211.55.12", there)])],
    ["h2", new Map([evidence("h1", "10.211.55.12", "10.211.55.11", back)])],
  ]);
  return fabric(seen.inventory, seen.sights, { measured: known });
};

export const pair = (whole: Fabric): Pair => {
  const [network] = whole.inventory.networks;
  const found = network && pairOf(whole, network, "h1", "h2");
  if (found === undefined) throw new Error("no pair");
  return found;
};
