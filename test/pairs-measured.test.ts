import { describe, expect, it } from "vitest";
import { evidenceIn, formatEvidence, parseEvidence } from "../src/model/evidence.ts";
import { fabric } from "../src/model/fabric.ts";
import type { Facts } from "../src/model/facts.ts";
import { waysToMeasure } from "../src/model/ways.ts";
import { clashesOf, plansOf } from "../src/commands/planning.ts";
import { hostRows } from "../src/commands/status-rows.ts";
import { look } from "./captured.ts";
import { able, ALL, auto, measured, type Passing } from "./evidence.ts";

describe("a pair between which no plane crosses", () => {
  const NONE: Passing = { foreign: 0, proto4: 0, "udp:4789": 0, "udp:51820": 0 };
  it("is a conflict that names what was tried and seen, once", async () => {
    const seen = await look({ moment: "before", edit: auto, editFacts: able });
    const said = clashesOf(seen, await measured(NONE), { iKnow: false, unmeasured: true }).map((e) => e.message);
    expect(said).toEqual([
      "h1: network app: no plane crosses between h1 and h2: route: packets with container addresses do not arrive from h1 to h2 nor from h2 to h1; ipip: packets of IP protocol 4 do not arrive from h1 to h2 nor from h2 to h1; vxlan: packets to UDP port 4789 do not arrive from h1 to h2 nor from h2 to h1; wireguard: packets to UDP port 51820 do not arrive from h1 to h2 nor from h2 to h1: let the fabric between them pass one (--reprobe measures again)",
    ]);
  });
  it("is one too where it could not be measured", async () => {
    const seen = await look({ moment: "before", edit: auto });
    const said = clashesOf(seen, fabric(seen.inventory, seen.sights), { iKnow: false }).map((e) => e.message);
    expect(said[0]).toMatch(
      /^h1: network app: it is not known which plane crosses between h1 and h2: .*perl or python3/,
    );
  });
});

describe("what is kept on a host", () => {
  it.each([
    ["as it was written", "h2 10.0.0.1 10.0.0.2 1500 foreign=0,udp:4789=1500 2026-11-22T12:00:00Z", 1],
    ["a number that is none", "h2 10.0.0.1 10.0.0.2 1500 foreign=x 2026-11-22T12:00:00Z", 0],
    ["no number", "h2 10.0.0.1 10.0.0.2 1500 foreign= 2026-11-22T12:00:00Z", 0],
    ["a line that was cut short", "h2 10.0.0.1 10.0.0.2 1500 foreign=0,ud", 0],
    ["nothing", "", 0],
  ])("%s", (_what, line, count) => {
    const parsed = parseEvidence(`${line}\n`);
    expect(parsed.size).toBe(count);
    if (count > 0) expect(formatEvidence([...parsed.values()])).toBe(`${line}\n`);
  });
});

it("the text of a file comes back as it was, also where lines are no evidence or not sorted", () => {
  const [one, two] = ["h2", "h3"].map((to) => `${to} 10.0.0.1 10.0.0.2 1500 foreign=1500 2026-11-22T12:00:00Z\n`);
  for (const text of [`${one}${two}`, `${two}${one}`, `${one}# mine\n${two}`, `${one}${one}`, "\n"]) {
    const { all, content } = evidenceIn(text);
    expect(content).toBe(text);
    expect([...all.keys()].sort()).toEqual(["h2", "h3"].filter((to) => text.includes(to)));
  }
});

describe("what was lost", () => {
  const NONE: Passing = { foreign: 0, proto4: 0, "udp:4789": 0, "udp:51820": 0 };
  it("is no reason to refuse when it is about to be measured again", async () => {
    const seen = await look({ moment: "before", edit: auto, editFacts: able });
    expect(clashesOf(seen, await measured(NONE), { iKnow: false, unmeasured: true, reprobe: true })).toEqual([]);
  });
});

describe("what has to be measured", () => {
  const any = { again: false, matters: () => true };
  const key = (way: { from: string; to: string }): string => `${way.from} ${way.to}`;

  it("is every way at first, with what the network's planes need", async () => {
    const seen = await look({ moment: "before", edit: auto, editFacts: able });
    const ways = waysToMeasure(fabric(seen.inventory, seen.sights), any);
    expect(ways.map(key)).toEqual(["h1 h2", "h2 h1", "h1 h3", "h3 h1", "h2 h3", "h3 h2"]);
    expect(ways[0]).toEqual({
      from: "h1",
      to: "h2",
      source: "10.211.55.11",
      target: "10.211.55.12",
      carriers: ["foreign", "proto4", "udp:4789", "udp:51820"],
      mtu: 1500,
      likely: 1500,
      foreign: { device: "eth0", source: "172.30.194.1", target: "172.30.189.1" },
    });
  });
  it("is not what is known, unless it is asked for again", async () => {
    const whole = await measured(ALL);
    expect(waysToMeasure(whole, any).map(key)).toEqual(["h1 h3", "h3 h1", "h2 h3", "h3 h2"]);
    expect(waysToMeasure(whole, { ...any, again: true })).toHaveLength(6);
  });
  it("is both ways of a pair where one is not known", async () => {
    const whole = await measured(ALL, { foreign: 1500 });
    expect(waysToMeasure(whole, any).map(key)).toEqual(["h1 h2", "h2 h1", "h1 h3", "h3 h1", "h2 h3", "h3 h2"]);
  });
  it("is told by status: nobody knows what differs", async () => {
    const states = async (forget: boolean) => {
      const seen = await look({
        moment: "after",
        edit: auto,
        editFacts: (f) => ({ ...able(f), ...(forget && { evidence: new Map() }) }),
      });
      const whole = fabric(seen.inventory, seen.sights);
      const plans = plansOf(seen, whole, { env: {} });
      return hostRows(seen, { whole, plans, clashes: [] }).map(({ state }) => state);
    };
    expect(await states(true)).toEqual(["unmeasured", "unmeasured", "unmeasured"]);
    expect(await states(false)).toEqual(["in sync", "in sync", "in sync"]);
  });
  it("is a way whose device has another MTU now, or that needs a carrier that was not tried", async () => {
    const wider = (f: Facts): Facts => ({ ...able(f), interfaces: f.interfaces.map((i) => ({ ...i, mtu: 9000 })) });
    expect(waysToMeasure(await measured(ALL, ALL, { editFacts: wider }), any)).toHaveLength(6);
    expect(waysToMeasure(await measured({ foreign: 1500 }), any)).toHaveLength(6);
  });
});
