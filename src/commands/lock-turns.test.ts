import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { lock } from "../apply/lock.ts";
import { XhostError } from "../errors.ts";
import type { InventoryHost } from "../inventory/inventory.ts";
import type { Host } from "../ssh/host.ts";
import { lockTurns } from "./lock-turns.ts";

const NAMES = ["h1", "h2", "h3"];
const hosts = NAMES.map((name) => ({ name }) as InventoryHost);

/** Locks of hosts that are so many milliseconds away, by name: who has them. */
const fleet = () => {
  const held = new Map<string, string>();
  const lockAs =
    (run: string, delays: readonly number[]): typeof lock =>
    async ({ name }) => {
      await setTimeout(delays[NAMES.indexOf(name)]);
      const holder = held.get(name);
      if (holder !== undefined) throw new XhostError("CONFLICT", `held by ${holder}`, { host: name });
      held.set(name, run);
      const release = async (): Promise<void> => {
        await setTimeout(3);
        held.delete(name);
      };
      return { settled: "", stop: () => undefined, release };
    };
  const start = async (run: string, delays: readonly number[], login = 0): Promise<string> => {
    const turns = lockTurns(hosts, { project: "p", onSettled: () => undefined, take: lockAs(run, delays) });
    const one = async (host: InventoryHost): Promise<void> => {
      try {
        if (host.name === "h1") await setTimeout(login);
        await turns.lock(host, { name: host.name } as Host);
      } finally {
        turns.pass(host);
      }
    };
    const ended = await Promise.allSettled(hosts.map(one));
    return ended.every(({ status }) => status === "fulfilled")
      ? "all"
      : ended.every(({ status }) => status === "rejected")
        ? "none"
        : "some";
  };
  return { held, start };
};

const delays = fc.tuple(...NAMES.map(() => fc.integer({ min: 0, max: 15 })));

test("of two runs that begin at once one gets all hosts, and the other one none", async () => {
  const once = async ([first, second]: readonly [readonly number[], readonly number[]]) => {
    const { held, start } = fleet();
    const outcomes = await Promise.all([start("a", first), start("b", second)]);
    return { outcomes: outcomes.toSorted(), held: held.size, holders: new Set(held.values()).size };
  };
  const oneGetsAll = fc.asyncProperty(fc.array(fc.tuple(delays, delays), { maxLength: 20 }), async (rounds) => {
    for (const found of await Promise.all(rounds.map(once)))
      expect(found).toEqual({ outcomes: ["all", "none"], held: 3, holders: 1 });
  });
  await fc.assert(oneGetsAll, { numRuns: 8 });
});

test("a host that somebody keeps is waited for, and the others are given back with the connection", async () => {
  const { held, start } = fleet();
  held.set("h2", "somebody");
  expect(await start("a", [0, 0, 0])).toBe("some");
  held.clear();
  held.set("h3", "somebody");
  const patient = start("b", [0, 0, 0]);
  await setTimeout(600);
  held.delete("h3");
  expect(await patient).toBe("all");
});

test("the first host decides: with that one taken nothing is kept", async () => {
  const { held, start } = fleet();
  held.set("h1", "somebody");
  expect(await start("a", [10, 0, 5])).toBe("none");
  expect([...held]).toEqual([["h1", "somebody"]]);
});

test("nothing is held while the first host is still being logged in to", async () => {
  const { held, start } = fleet();
  const late = start("late", [0, 0, 0], 300);
  await setTimeout(50);
  expect([...held]).toEqual([]);
  expect(await start("early", [0, 0, 0])).toBe("all");
  expect(await late).toBe("none");
});
