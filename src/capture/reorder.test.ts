import fc from "fast-check";
import { expect, test } from "vitest";
import { reorder, type Timed } from "./reorder.ts";

test("what comes within the wait comes out in the order of time, all of it, once", () => {
  const arrivals = fc.array(fc.record({ at: fc.nat(2000), late: fc.nat(100), rank: fc.nat(3) }), { maxLength: 60 });
  fc.assert(
    fc.property(arrivals, (all) => {
      const items = all.map(({ at, late, rank }) => ({ time: BigInt(at), rank, arrives: at + late }));
      const order = reorder<(typeof items)[number]>(100);
      const out: typeof items = [];
      for (let now = 0; now <= 2300; now += 10) {
        for (const item of items) if (item.arrives > now - 10 && item.arrives <= now) order.push(item, item.arrives);
        out.push(...order.take(now));
      }
      expect(order.rest()).toEqual([]);
      expect(out).toHaveLength(items.length);
      for (const [i, item] of out.entries()) expect(item.time).toBeGreaterThanOrEqual(out[i - 1]?.time ?? 0n);
    }),
  );
});

test("nothing comes before it has waited, and at the same time the rank decides", () => {
  const order = reorder<Timed>(100);
  order.push({ time: 5n, rank: 1 }, 0);
  order.push({ time: 5n, rank: 0 }, 50);
  expect(order.take(99)).toEqual([]);
  expect(order.take(100).map(({ rank }) => rank)).toEqual([0, 1]);
  order.push({ time: 7n, rank: 0 }, 100);
  expect(order.rest()).toHaveLength(1);
  expect(order.rest()).toEqual([]);
});
