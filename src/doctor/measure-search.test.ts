import fc from "fast-check";
import { expect, test } from "vitest";
import { firstSizes, nextSizes } from "./measure-search.ts";

/** Searches a fabric that passes packets up to `limit` bytes; the answer, and the bursts it took. */
const search = (limit: number, way: { mtu: number; likely: number }): { answer: number; bursts: number } => {
  let [asked, arrived, lost, bursts] = [firstSizes(way), 0, way.mtu + 1, 0];
  for (; asked.length > 0; bursts++) {
    arrived = Math.max(arrived, ...asked.filter((size) => size <= limit));
    lost = asked.find((size) => size > arrived) ?? lost;
    asked = nextSizes({ arrived, lost });
  }
  return { answer: arrived, bursts };
};

test.each([
  ["all alike", { mtu: 1500, likely: 1500 }, [200, 1500]],
  ["a jumbo host to one at 1500", { mtu: 9000, likely: 1500 }, [200, 1500, 1501, 1504, 1505, 9000]],
  ["a device too small for the small packet", { mtu: 180, likely: 180 }, [180]],
])("the first burst: %s", (_title, way, sizes) => {
  expect(firstSizes(way)).toEqual(sizes);
});

test.each([
  ["nothing passes", 0, { mtu: 1500, likely: 1500 }, 0, 1],
  ["everything passes", 1500, { mtu: 1500, likely: 1500 }, 1500, 1],
  ["the smaller MTU of both ends", 1500, { mtu: 9000, likely: 1500 }, 1500, 1],
  ["a receiver that takes a VLAN tag more", 1504, { mtu: 9000, likely: 1500 }, 1504, 1],
  ["a well-known limit", 1450, { mtu: 1500, likely: 1500 }, 1450, 2],
  ["a well-known limit, far from what was likely", 1500, { mtu: 9000, likely: 9000 }, 1500, 2],
  ["any other limit", 1443, { mtu: 1500, likely: 1500 }, 1443, 3],
])("%s", (_title, limit, way, answer, bursts) => {
  expect(search(limit, way)).toEqual({ answer, bursts });
});

test("every limit is found to the byte, in few bursts", () => {
  const way = fc.tuple(fc.integer({ min: 68, max: 65_535 }), fc.integer({ min: 68, max: 65_535 }));
  fc.assert(
    fc.property(way, fc.integer({ min: 200, max: 65_535 }), ([a, b], limit) => {
      const mtu = Math.max(a, b);
      const { answer, bursts } = search(limit, { mtu, likely: Math.min(a, b) });
      expect(answer).toBe(Math.min(limit, mtu));
      expect(bursts).toBeLessThanOrEqual(6);
    }),
  );
});

test("what chance lost in one burst is found in the next", () => {
  expect(nextSizes({ arrived: 200, lost: 1500 })).toContain(1500);
});

test("a burst asks only what is open, each size once, ascending", () => {
  const bounds = fc.tuple(fc.integer({ min: 1, max: 65_000 }), fc.integer({ min: 1, max: 9000 }));
  fc.assert(
    fc.property(bounds, ([arrived, gap]) => {
      const lost = arrived + gap;
      const sizes = nextSizes({ arrived, lost });
      expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
      expect(sizes.filter((size) => size <= arrived || size > lost)).toEqual([]);
      expect(sizes.at(-1)).toBe(gap === 1 ? undefined : lost);
      expect(sizes.length).toBeLessThanOrEqual(53);
    }),
  );
});
