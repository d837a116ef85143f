import { expect, test } from "vitest";
import { bridgeOf, checkSegments, hostAddress, networkOf, routerOf, routersOf } from "./segments.ts";

test("the hosts have the tutorials' addresses, the last one too", () => {
  expect([0, 1, 199].map((index) => hostAddress(index, 1))).toEqual(["10.211.55.11", "10.211.55.12", "10.211.55.210"]);
});

test("hosts are dealt to the segments in turn and keep their number", () => {
  const hosts = [0, 1, 2, 3].map((index) => ({ address: hostAddress(index, 3) }));
  expect(hosts.map(({ address }) => address)).toEqual(["10.211.55.11", "10.211.56.12", "10.211.57.13", "10.211.55.14"]);
  expect(routersOf(hosts)).toEqual(["10.211.55.1", "10.211.56.1", "10.211.57.1"]);
});

test("a host's segment is known by its address", () => {
  expect([networkOf, routerOf, bridgeOf].map((of) => of("10.211.57.103"))).toEqual([
    "10.211.57.0/24",
    "10.211.57.1",
    "br2",
  ]);
});

test.each([
  [0, 4, "1 to 4"],
  [5, 4, "1 to 4"],
  [9, 20, "1 to 8"],
  [1.5, 4, "1 to 4"],
])("%s segments for %s hosts are refused", (segments, hosts, range) => {
  expect(() => checkSegments(segments, hosts)).toThrow(`number of segments: should be ${range} (`);
});

test.each([
  [1, 1],
  [8, 8],
  [8, 200],
])("%s segments for %s hosts are fine", (segments, hosts) => {
  expect(() => checkSegments(segments, hosts)).not.toThrow();
});
