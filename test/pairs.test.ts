import { describe, expect, it } from "vitest";
import { formatEvidence, parseEvidence, type Carrier, type Evidence } from "../src/model/evidence.ts";
import { fabric, type Fabric } from "../src/model/fabric.ts";
import type { Facts } from "../src/model/facts.ts";
import { pairOf, type Pair } from "../src/model/pairs.ts";
import { waysToMeasure } from "../src/model/ways.ts";
import { clashesOf, plansOf } from "../src/commands/planning.ts";
import { hostRows } from "../src/commands/status-rows.ts";
import { look, type Case } from "./captured.ts";

const auto = (t: string): string => t.replace(/ +plane: route\n/, "");
const able = (f: Facts): Facts => ({ ...f, modules: new Map([...f.modules, ["ipip", "loadable"]]) });

type Passing = Partial<Record<Carrier, number>>;
const ALL: Passing = { foreign: 1500, proto4: 1500, "udp:4789": 1500, "udp:51820": 1500 };

/** The captured hosts with evidence from h1 to h2 (`there`), and back. */
const measured = async (there: Passing, back: Passing = there, each: Partial<Case> = {}): Promise<Fabric> => {
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

const pair = (whole: Fabric): Pair => {
  const [network] = whole.inventory.networks;
  const found = network && pairOf(whole, network, "h1", "h2");
  if (found === undefined) throw new Error("no pair");
  return found;
};

describe("auto takes the leanest plane", () => {
  it.each([
    ["all passes", ALL, ALL, "route", 1500],
    ["foreign addresses are lost", { ...ALL, foreign: 0 }, ALL, "ipip", 1480],
    ["foreign addresses are lost on the way back only", ALL, { ...ALL, foreign: 0 }, "ipip", 1480],
    ["protocol 4 is lost too", { ...ALL, foreign: 0, proto4: 0 }, ALL, "vxlan", 1450],
    [
      "only wireguard's port passes",
      { "udp:51820": 1500, foreign: 0, proto4: 0, "udp:4789": 0 },
      ALL,
      "wireguard",
      1440,
    ],
    [
      "the underlay is narrow",
      { foreign: 1400, proto4: 1400, "udp:4789": 1400, "udp:51820": 1400 },
      ALL,
      "route",
      1400,
    ],
    ["big foreign packets are lost and others' are not", { ...ALL, foreign: 600 }, ALL, "ipip", 1480],
    ["the ways there and back differ", { ...ALL, proto4: 1400, foreign: 0 }, { ...ALL, foreign: 0 }, "vxlan", 1450],
  ] as const)("when %s", async (_what, there, back, plane, mtu) => {
    expect(pair(await measured(there, back))).toMatchObject({ plane, mtu });
  });

  it("says why not the others", async () => {
    const { attempts, at } = pair(await measured({ ...ALL, foreign: 0, proto4: 0 }, ALL));
    expect(attempts.map(({ plane, why }) => `${plane}: ${why}`)).toEqual([
      "route: packets with container addresses do not arrive from h1 to h2",
      "ipip: packets of IP protocol 4 do not arrive from h1 to h2",
      "vxlan: packets to UDP port 4789 of 1500 bytes arrive both ways",
      "wireguard: packets to UDP port 51820 of 1500 bytes arrive both ways",
    ]);
    expect(at).toBe("2026-11-22T12:00:00Z");
  });

  it("and with `encrypt` wireguard alone", async () => {
    const edit = (t: string): string => t.replace("plane: route", "encrypt: true");
    expect(pair(await measured(ALL, ALL, { edit }))).toMatchObject({ plane: "wireguard", mtu: 1440 });
  });

  it("but not one that a kernel has no module for", async () => {
    const unable = (f: Facts): Facts => ({
      ...f,
      modules: new Map([
        ["ipip", "none"],
        ["vxlan", "none"],
        ["wireguard", "none"],
      ]),
    });
    const { plane, attempts } = pair(await measured({ ...ALL, foreign: 0 }, ALL, { editFacts: unable }));
    expect(plane).toBe("wireguard");
    expect(attempts[1]?.why).toMatch(/^the kernel of h1 \(.*\) has no module ipip$/);
  });

  it("and not ipip where another device has those packets", async () => {
    const taken = (f: Facts): Facts => ({
      ...able(f),
      interfaces: [
        ...f.interfaces,
        {
          name: "flannel.ipip",
          mtu: 1480,
          addresses: [],
          up: true,
          type: "ipip",
          tunnel: { local: f.sshAddress, remote: undefined, vni: undefined, port: undefined, checksum: undefined },
        },
      ],
    });
    const { plane, attempts } = pair(await measured({ ...ALL, foreign: 0 }, ALL, { editFacts: taken }));
    expect(plane).toBe("vxlan");
    expect(attempts[1]?.why).toBe("the device flannel.ipip of h1 has the IPIP packets from h2 already");
  });

  it("and vxlan by a port that Swarm does not have", async () => {
    const swarm = (f: Facts): Facts => ({ ...able(f), swarm: true });
    const whole = await measured({ foreign: 0, proto4: 0, "udp:8472": 1500, "udp:51820": 1500 }, undefined, {
      editFacts: swarm,
    });
    expect(whole.ports.vxlan).toBe(8472);
    expect(pair(whole)).toMatchObject({ plane: "vxlan" });
  });
});

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
    expect(ways.map(key)).toEqual(["h1 h2", "h1 h3", "h2 h1", "h2 h3", "h3 h1", "h3 h2"]);
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
    expect(waysToMeasure(whole, any).map(key)).toEqual(["h1 h3", "h2 h3", "h3 h1", "h3 h2"]);
    expect(waysToMeasure(whole, { ...any, again: true })).toHaveLength(6);
  });
  it("is both ways of a pair where one is not known", async () => {
    const whole = await measured(ALL, { foreign: 1500 });
    expect(waysToMeasure(whole, any).map(key)).toEqual(["h1 h2", "h1 h3", "h2 h1", "h2 h3", "h3 h1", "h3 h2"]);
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
