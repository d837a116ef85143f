import { expect, test } from "vitest";
import type { NftTable } from "../src/model/depth-rules.ts";
import { obstaclesOf, obstaclesText } from "../src/commands/obstacles.ts";
import { wholeOf } from "../src/commands/measuring.ts";
import { look } from "./captured.ts";

const accept = (...statements: readonly unknown[]) => ({
  ...{ handle: 9, text: "", packets: undefined, comment: undefined },
  statements: [...statements, { accept: null }],
});
const match = (protocol: string, field: string, right: unknown) => ({
  match: { op: "==", left: { payload: { protocol, field } }, right },
});
const table = (hook: string, rules: readonly ReturnType<typeof accept>[] = []): NftTable => ({
  ...{ family: "inet", name: "guard", sets: new Map() },
  chains: [{ name: hook, base: { type: "filter", hook, priority: 0, policy: "drop", device: undefined }, rules }],
});

const told = async (nft: readonly NftTable[], plane = "route", firewall = "scoped"): Promise<readonly string[]> => {
  const edit = (t: string): string => t.replace("plane: route", `plane: ${plane}\n    firewall: ${firewall}`);
  const editFacts = <F extends { engine: string }>(f: F): F => (f.engine.startsWith("28") ? { ...f, nft } : f);
  const seen = await look({ moment: "before", edit, editFacts });
  return obstaclesOf(seen, wholeOf(seen)).flatMap(({ host, commands }) => commands.map((each) => `${host} ${each}`));
};

test("nothing of nft is nothing in the way", async () => {
  expect(await told([])).toEqual([]);
  expect(obstaclesText([])).toBe("");
});

test("a policy of drop in a forward chain: both ways to each of the other two hosts, on that host alone", async () => {
  const all = await told([table("forward")]);
  expect(all).toHaveLength(4);
  for (const each of all)
    expect(each).toMatch(/^h2 nft add rule inet guard forward ip saddr 172\.\S+ ip daddr 172\.\S+ accept$/);
});

test("in an input chain it matters to a tunnel alone", async () => {
  expect(await told([table("input")])).toEqual([]);
  expect(await told([table("input")], "vxlan")).toEqual(
    [11, 13].map(
      (n) => `h2 nft add rule inet guard input ip saddr 10.211.55.${n} ip daddr 10.211.55.12 udp dport 4789 accept`,
    ),
  );
  expect(await told([table("input", [accept(match("udp", "dport", 4789))])], "vxlan")).toEqual([]);
});

test("one that lets in pings alone is in the way of connections", async () => {
  const pings = accept(match("ip", "protocol", "icmp"));
  expect(await told([table("forward", [pings])])).toHaveLength(4);
  expect(await told([table("forward", [pings, accept(match("ip", "protocol", "tcp"))])])).toEqual([]);
});

test("where the firewall is somebody else's job, it is not told", async () => {
  expect(await told([table("forward")], "route", "none")).toEqual([]);
});
