import { expect, test } from "vitest";
import { linkMtus, parseMtu } from "./faults-mtu.ts";

const hosts = [
  { name: "h1", address: "10.211.55.11", engine: "machine" },
  { name: "h2", address: "10.211.55.12", engine: "machine" },
] as const;

test.each(["", "x", "575", "9217", "1e3", "1400.5", "-1400", "h1=", "=1400", "h1=575", "h1=h2=1400"])(
  "%j is refused",
  (word) => {
    expect(() => parseMtu(word)).toThrow(`mtu "${word}": should be N, HOST=N or fabric=N with N from 576 to 9216`);
  },
);

// both cables' ends, the routers' side, and the most that is delivered to each host
test.each([
  [[], [1500, 1500], 1500, []],
  [["9000"], [9000, 9000], 9000, [9000, 9000]],
  [["576"], [576, 576], 576, [576, 576]],
  [["h2=1400"], [1500, 1400], 1500, [1500, 1400]],
  [["fabric=1400"], [1500, 1500], 1400, [1400, 1400]],
  [["9216", "fabric=1500"], [9216, 9216], 1500, [1500, 1500]],
  [["9000", "h2=1300", "fabric=1400"], [9000, 1300], 1400, [1400, 1300]],
  [["fabric=9000"], [1500, 1500], 9000, [1500, 1500]],
])("the links' bytes with %j", (words, cables, routers, limits) => {
  const mtus = linkMtus(words.map(parseMtu), hosts);
  expect([[...mtus.cables.values()], mtus.routers, [...mtus.limits.values()]]).toEqual([cables, routers, limits]);
});
