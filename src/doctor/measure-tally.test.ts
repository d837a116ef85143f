import { expect, test } from "vitest";
import type { Way } from "../model/evidence.ts";
import { lanesOf } from "./measure-lines.ts";
import { tally } from "./measure-tally.ts";

const way = (from: string, to: string): Way => ({
  from,
  to,
  source: "10.0.0.1",
  target: "10.0.0.2",
  carriers: ["proto4", "udp:4789"],
  mtu: 1500,
  likely: 1500,
});

const lanes = (ways: readonly Way[]) => [...lanesOf(ways, 100)].flat();

const isComplete = async (counts: ReturnType<typeof tally>): Promise<boolean> =>
  (await Promise.race([counts.complete().then(() => true), new Promise((resolve) => setImmediate(resolve))])) === true;

test("the biggest of the burst ends the round, whatever becomes of the others", async () => {
  const there = way("h1", "h2");
  const counts = tally(lanes([there]));
  expect(counts.orders()).toEqual(new Map([["h1", ["S 0 200 1500", "S 1 200 1500"]]]));
  counts.heard("h2", [{ id: 0, size: 1500 }]);
  expect(await isComplete(counts)).toBe(false);
  counts.heard("h2", [{ id: 1, size: 1500 }]);
  expect(await isComplete(counts)).toBe(true);
  expect(counts.nextRound()).toBe(false);
  expect(counts.sizes().get(there)).toEqual(
    new Map([
      ["proto4", 1500],
      ["udp:4789", 1500],
    ]),
  );
});

test("again is sent only what is missing and not answered by a bigger one", () => {
  const counts = tally(lanes([way("h1", "h2")]));
  counts.heard("h2", [
    { id: 0, size: 200 },
    { id: 1, size: 1500 },
  ]);
  expect(counts.orders()).toEqual(new Map([["h1", ["S 0 1500"]]]));
});

test("what did not arrive is searched, nothing at all is 0", () => {
  const there = way("h1", "h2");
  const counts = tally(lanes([there]));
  counts.heard("h2", [{ id: 0, size: 200 }]);
  expect(counts.nextRound()).toBe(true);
  const [order = "", ...others] = counts.orders().get("h1") ?? [];
  expect(others).toEqual([]);
  const sizes = order.split(" ").slice(2).map(Number);
  expect([sizes.includes(1450), sizes.includes(1451), sizes.includes(1501)]).toEqual([true, true, false]);
  counts.heard(
    "h2",
    sizes.filter((size) => size <= 1450).map((size) => ({ id: 0, size })),
  );
  expect(counts.nextRound()).toBe(false);
  expect(counts.sizes().get(there)).toEqual(
    new Map([
      ["proto4", 1450],
      ["udp:4789", 0],
    ]),
  );
});

test("a packet that was given up and comes in a later round counts, and the search goes on above it", () => {
  const counts = tally(lanes([way("h1", "h2")]));
  counts.heard("h2", [
    { id: 0, size: 200 },
    { id: 1, size: 1500 },
  ]);
  counts.nextRound();
  counts.heard("h2", [{ id: 0, size: 1450 }]);
  counts.nextRound();
  const lost = 1451;
  counts.heard("h2", [{ id: 0, size: lost + 9 }]);
  expect(counts.nextRound()).toBe(true);
  const sizes = counts.orders().get("h1")?.[0]?.split(" ").slice(2).map(Number) ?? [];
  expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([1461, 1500]);
});

test("probes that another host heard do not count", () => {
  const counts = tally(lanes([way("h1", "h2"), way("h2", "h3")]));
  counts.heard("h3", [{ id: 0, size: 1500 }]);
  expect(counts.count()).toBe(0);
  counts.heard("h2", [
    { id: 0, size: 1500 },
    { id: 999, size: 1500 },
  ]);
  expect(counts.count()).toBe(1);
});

test("a host that is lost is waited for no longer, and its ways are left out", async () => {
  const [there, back, other] = [way("h1", "h2"), way("h2", "h1"), way("h1", "h3")];
  const counts = tally(lanes([there, back, other]));
  for (const id of [0, 1, 2, 3, 4, 5]) counts.heard("h3", [{ id, size: 1500 }]);
  expect(await isComplete(counts)).toBe(false);
  counts.drop("h2");
  expect(await isComplete(counts)).toBe(true);
  expect([...counts.sizes().keys()]).toEqual([other]);
});

test("nothing to measure is complete at once", async () => {
  const counts = tally([]);
  expect([await isComplete(counts), counts.nextRound(), counts.sizes().size]).toEqual([true, false, 0]);
});
