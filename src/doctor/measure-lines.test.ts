import { expect, test } from "vitest";
import type { Way } from "../model/evidence.ts";
import { laneLine, lanesOf as lanesAtATime, parseSaid, sendLine } from "./measure-lines.ts";

const way = (from: string, to: string, more: Partial<Way> = {}): Way => ({
  from,
  to,
  source: `10.0.0.${from.slice(1)}`,
  target: `10.0.0.${to.slice(1)}`,
  carriers: ["proto4"],
  mtu: 1500,
  likely: 1500,
  ...more,
});

const lanesOf = (ways: readonly Way[]) => [...lanesAtATime(ways, 1000)].flat();

const foreign = { device: "eth0", source: "172.30.1.2", target: "172.30.2.2" };

test("a lane's line has what its probes are made of", () => {
  const lanes = lanesOf([way("h1", "h2", { carriers: ["foreign", "proto4", "udp:4789"], foreign })]);
  expect(lanes.map(laneLine)).toEqual([
    "L 0 foreign 0 10.0.0.1 10.0.0.2 eth0 172.30.1.2 172.30.2.2",
    "L 1 proto4 0 10.0.0.1 10.0.0.2",
    "L 2 udp 4789 10.0.0.1 10.0.0.2",
  ]);
  expect(sendLine(2, [200, 1500])).toBe("S 2 200 1500");
});

test("foreign addresses are not tried where the hosts share no segment", () => {
  expect(lanesOf([way("h1", "h2", { carriers: ["foreign", "proto4"] })]).map((lane) => lane.carrier)).toEqual([
    "proto4",
  ]);
});

test("hosts begin with different targets, and the numbers are places in the list", () => {
  const names = ["h1", "h2", "h3", "h4"];
  const ways = names.flatMap((from) => names.filter((to) => to !== from).map((to) => way(from, to)));
  const lanes = lanesOf(ways);
  const firsts = names.map((name) => lanes.find((lane) => lane.way.from === name)?.way.to);
  expect(firsts).toEqual(["h2", "h3", "h4", "h1"]);
  expect(lanes.map(({ id }) => id)).toEqual(lanes.map((_, i) => i));
  expect(new Set(lanes.map((lane) => lane.way))).toEqual(new Set(ways));
});

test.each([
  ["R", { kind: "ready" }],
  ["D", { kind: "worked" }],
  [
    "G 0 1500 12 200",
    {
      kind: "got",
      probes: [
        { id: 0, size: 1500 },
        { id: 12, size: 200 },
      ],
    },
  ],
  ["E raw socket: Operation not permitted", { kind: "failed", why: "raw socket: Operation not permitted" }],
  ["T", undefined],
  ["G 1", undefined],
  ["G", undefined],
  ["Good morning 1 2", undefined],
])("the prober says %j", (line, said) => {
  expect(parseSaid(line)).toEqual(said);
});

test("lanes come some at a time, and those of one way together", () => {
  const ways = ["h2", "h3", "h4"].map((to) => way("h1", to, { carriers: ["foreign", "proto4", "udp:4789"], foreign }));
  const sizes = (atOnce: number) => [...lanesAtATime(ways, atOnce)].map((lanes) => lanes.length);
  expect([1, 3, 4, 9, 100].map(sizes)).toEqual([[3, 3, 3], [3, 3, 3], [6, 3], [9], [9]]);
  expect([...lanesAtATime(ways, 4)].flat()).toEqual(lanesOf(ways));
  expect([...lanesAtATime([], 4)]).toEqual([]);
});
