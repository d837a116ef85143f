import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { clashesOf, planDestroy, plansOf } from "../src/commands/planning.ts";
import type { Look } from "../src/commands/look.ts";
import { facts, look, type Case } from "./captured.ts";
import { fabric } from "../src/model/fabric.ts";
import { evidenceIn } from "../src/model/evidence.ts";
import type { Facts } from "../src/model/facts.ts";
import { ownedState } from "../src/model/owned.ts";
import { formatPlan } from "../src/plan/format.ts";
import { planHost } from "../src/plan/plan.ts";
import { both, fleet } from "./fleet.ts";

/** Inventories on what real hosts with Docker 20.10, 28.5 and 26.1 said (test/captures): the plans, word for word. */
const planText = (seen: Look): string =>
  `${formatPlan(plansOf(seen, fabric(seen.inventory, seen.sights), { env: {} }))}\n`;
const golden = (name: string): string => join(import.meta.dirname, "golden", name);

const plane =
  (name: string) =>
  (t: string): string =>
    t.replace("plane: route", `plane: ${name}`);

/** Evidence that everything of 1500 bytes arrives everywhere, but only 1400 from and to h3. */
const narrow = (f: Facts): string => {
  const own = f.sshAddress ?? "";
  const line = (name: string, address: string): string => {
    const size = [own, address].includes("10.211.55.13") ? 1400 : 1500;
    return address === own ? "" : `${name} ${own} ${address} 1500 udp:4789=${size} 2026-11-22T12:00:00Z\n`;
  };
  return line("h1", "10.211.55.11") + line("h2", "10.211.55.12") + line("h3", "10.211.55.13");
};

const CASES: Readonly<Record<string, Case>> = {
  "first-deploy": { moment: "before" },
  "one-host-down": { moment: "before", down: "h3" },
  "host-gone": { moment: "after", edit: (t) => t.replace(/^ {2}[hc]3:.*\n/gm, "") },
  "limit-h1": { moment: "after", edit: (t) => t.replace(/^ {2}[hc]3:.*\n/gm, ""), limit: "h1" },
  "environment-and-image": {
    moment: "after",
    edit: (t) =>
      t
        .replace("c1: { host: h1,", "c1: { host: h1, environment: { A: b },")
        .replace('c2: { host: h2, network: app, image: "xhost-lab:1"', "c2: { host: h2, network: app, image: nginx"),
  },
  "other-pool": { moment: "after", edit: (t) => t.replace("172.30.0.0/16", "172.31.0.0/16") },
  flush: { moment: "after", edit: (t) => t.replace("plane: route", "plane: route\n    firewall: flush") },
  none: { moment: "after", edit: (t) => t.replace("plane: route", "plane: route\n    firewall: none") },
  masquerade: { moment: "after", edit: (t) => t.replace("plane: route", "plane: route\n    masquerade: true") },
  "adopt-default-bridge": {
    moment: "before",
    edit: (t) =>
      t.replace(
        /pool:.*\n.*prefix:.*\n/,
        "existing: { h1: bridge }\n    subnets: { h2: 172.18.0.0/16, h3: 172.19.0.0/16 }\n",
      ),
  },
  vxlan: { moment: "before", edit: plane("vxlan") },
  ipip: {
    moment: "before",
    edit: plane("ipip"),
    editFacts: (f) => ({ ...f, modules: new Map([...f.modules, ["ipip", "loadable"]]) }),
  },
  wireguard: { moment: "before", edit: plane("wireguard") },
  "route-to-vxlan": { moment: "after", edit: plane("vxlan") },
  "narrow-way": {
    moment: "before",
    edit: plane("vxlan"),
    editFacts: (f) => ({ ...f, evidence: new Map([["capture", evidenceIn(narrow(f))]]) }),
  },
  "volumes-and-ports": {
    moment: "before",
    edit: (t) =>
      t.replace(
        "c1: { host: h1,",
        'c1: { host: h1, volumes: [data:/data, /srv:/srv:ro, /cache], ports: ["8080:80", "127.0.0.1:53:53/udp"], restart: unless-stopped, cap_add: [NET_RAW],',
      ),
  },
};

/** What is armed on each host before its kernel step. */
test.each(["first-deploy", "wireguard", "route-to-vxlan", "limit-h1"])("the way back: %s", async (name) => {
  const seen = await look(CASES[name] ?? { moment: "before" });
  const plans = plansOf(seen, fabric(seen.inventory, seen.sights), { env: {} });
  const text = plans.flatMap(({ host, steps }) => [
    host,
    ...steps.flatMap((step) => (step.kind === "shell" && step.undo !== undefined ? [step.undo.script] : [])),
  ]);
  await expect(`${text.join("\n")}\n`).toMatchFileSnapshot(golden(`undo-${name}.txt`));
});

test.each(Object.entries(CASES))("plan: %s", async (name, each) => {
  await expect(planText(await look(each))).toMatchFileSnapshot(golden(`${name}.txt`));
});

test("plan: destroy", async () => {
  const plans = planDestroy(await look({ moment: "after" }), { volumes: false });
  await expect(`${formatPlan(plans)}\n`).toMatchFileSnapshot(golden("destroy.txt"));
});

describe("a plan", () => {
  it("is empty when it has been applied", async () => {
    expect(planText(await look({ moment: "after" }))).toBe("Nothing to do.\n");
  });
  it("does not move or forget a host that is down", async () => {
    expect(planText(await look({ moment: "after", down: "h3" }))).toBe("Nothing to do.\n");
  });
  it("keeps what stands toward a host that is down and known by a name only", async () => {
    const names = (t: string): string => t.replaceAll(/host: 10\.211\.55\.1(\d)/g, "host: h$1.lab");
    expect(planText(await look({ moment: "after", edit: names, down: "h3" }))).toBe("Nothing to do.\n");
  });
  it("keeps the MTU of a network that stands when the last peer goes", async () => {
    const narrow = (f: Facts): Facts => ({
      ...f,
      networks: f.networks.map((n) => (n.name === "app" ? { ...n, mtu: 1400 } : n)),
    });
    const alone = (t: string): string => t.replace(/^ {2}[hc][23]:.*\n/gm, "");
    expect(planText(await look({ moment: "after", edit: alone, editFacts: narrow }))).not.toContain("± network");
  });
  it("for two hundred hosts that stand takes seconds, not minutes", async () => {
    const { inventory, sights } = await fleet(200);
    const started = performance.now();
    const seen = {
      inventory,
      sights,
      hosts: new Map(),
      failed: new Map(),
      chosen: new Set(sights.keys()),
      depths: new Map(),
    };
    const whole = fabric(inventory, sights);
    expect(clashesOf(seen, whole, { iKnow: false })).toEqual([]);
    expect(plansOf(seen, whole, { env: {} })).toHaveLength(200);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
  it("pulls nothing for a container that stays, though its image has lost its name", async () => {
    const untagged = (f: Facts): Facts => ({ ...f, images: new Map() });
    expect(planText(await look({ moment: "after", editFacts: untagged }))).toBe("Nothing to do.\n");
  });
  it("is empty between a state and itself", async () => {
    for (const host of ["h1", "h2", "h3"]) {
      const state = ownedState(await facts("after", host), "capture");
      expect(planHost(host, { desired: state, actual: state, project: "capture" }).steps).toEqual([]);
    }
  });
  it("does not depend on the order of hosts in the file", async () => {
    const swapped = (t: string): string => t.replace(/( {2}h1:.*\n)( {2}h2:.*\n)/, "$2$1");
    const [a, b] = [await look({ moment: "after" }), await look({ moment: "after", edit: swapped })];
    expect(planText(a)).toBe(planText(b));
    const first = async (edit?: (t: string) => string) => fabric(...(await both(edit))).subnets.get("app");
    expect(new Map([...((await first(swapped)) ?? [])].sort())).toEqual(new Map([...((await first()) ?? [])].sort()));
  });
});
