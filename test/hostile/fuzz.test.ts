import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { clashesOf, planDestroy, plansOf } from "../../src/commands/planning.ts";
import type { Look } from "../../src/commands/look.ts";
import { XhostError } from "../../src/errors.ts";
import type { Inventory } from "../../src/inventory/inventory.ts";
import { parseInventory } from "../../src/inventory/parse.ts";
import { fabric } from "../../src/model/fabric.ts";
import type { Facts } from "../../src/model/facts.ts";
import type { Sight } from "../../src/model/sight.ts";
import { formatPlan } from "../../src/plan/format.ts";
import { facts } from "../captured.ts";
import { inventoryText } from "./inventories.ts";

const CASES = 10_000;
const env = { IFS: " ", SET: "set", PORT: "22", X: "1", EMPTY: "" };
const captured = new Map<string, Facts>();

beforeAll(async () => {
  for (const moment of ["before", "after"])
    for (const host of ["h1", "h2", "h3"]) {
      const known = await facts(moment, host);
      const modules = new Map([...known.modules, ["ipip", "loadable"] as const, ["wireguard", "loadable"] as const]);
      captured.set(`${moment} ${host}`, { ...known, modules });
    }
});

/** A look at hosts that are as those of the captures were; every fifth is down. */
const lookAt = (inventory: Inventory, moment: string): Look => {
  const sights = inventory.hosts.map((host, i): [string, Sight] => {
    const own = captured.get(`${moment} ${["h1", "h2", "h3"].includes(host.name) ? host.name : "h1"}`);
    return [host.name, { host, hostname: host.ssh.host, facts: i % 5 === 4 ? undefined : own }];
  });
  const chosen = new Set(sights.map(([name]) => name));
  return { inventory, sights: new Map(sights), hosts: new Map(), failed: new Map(), chosen, depths: new Map() };
};

/** What a file ends in; anything but an XhostError is thrown on. */
const endOf = (text: string, moment: string): "plan" | "clash" | "problem" => {
  try {
    const seen = lookAt(parseInventory(text, { file: "i.yml", env }), moment);
    planDestroy(seen, { volumes: true });
    const whole = fabric(seen.inventory, seen.sights);
    const clashes = clashesOf(seen, whole, { iKnow: true, unmeasured: true });
    if (clashes.some(({ code, host, message }) => code !== "CONFLICT" || host === undefined || !message.includes(": ")))
      throw new TypeError(`a clash without its place: ${clashes.join("\n")}`);
    if (clashes.length > 0) return "clash";
    const plans = plansOf(seen, whole, { env });
    formatPlan(plans);
    // Nothing that somebody wrote stands in what a shell gets, but names that are checked.
    for (const step of plans.flatMap((plan) => plan.steps))
      if (step.kind === "shell" && !/^[\n -~]*$/.test(`${step.script}${step.undo?.script ?? ""}`))
        throw new TypeError(step.script);
    return "plan";
  } catch (error) {
    if (!(error instanceof XhostError)) throw error;
    const lines = error.message.split("\n").filter((line) => !/^i\.yml(:\d+:\d+)? ?\S/.test(line));
    if (error.code !== "INVENTORY" || lines.length > 0)
      throw new TypeError(`a problem without its place: ${error.message}`, { cause: error });
    return "problem";
  }
};

test(`${CASES} inventories end in a plan or in listed problems`, () => {
  const ends = { plan: 0, clash: 0, problem: 0 };
  fc.assert(
    fc.property(inventoryText, fc.constantFrom("before", "after"), (text, moment) => {
      ends[endOf(text, moment)]++;
    }),
    { numRuns: CASES },
  );
  expect(ends.plan / CASES, JSON.stringify(ends)).toBeGreaterThan(0.15);
  expect(ends.problem / CASES, JSON.stringify(ends)).toBeGreaterThan(0.15);
  if (process.env["FUZZ_TOLD"]) console.log(ends);
}, 300_000);
