import { describe, expect, test } from "vitest";
import { endsOf, explains } from "../../src/doctor/attribute.ts";
import { blocked } from "../../src/doctor/checks/blocked.ts";
import type { Scene } from "../../src/doctor/checks/scene.ts";
import { walksOf } from "../../src/doctor/checks/walks.ts";
import type { Space } from "../../src/model/depth.ts";
import { parseNft } from "../../src/observe/depth-nft.ts";
import { parsePolicies } from "../../src/observe/depth-policies.ts";
import { deepScene, failedPing } from "./scenes.ts";

/** A rule at the head of FORWARD. */
const dropped = (space: Space, text: string): Space => {
  const filter = new Map(space.iptables.get("filter"));
  const old = filter.get("FORWARD") ?? { name: "FORWARD", policy: "ACCEPT", packets: 0, rules: [] };
  const rules = [text, ...old.rules.map((rule) => rule.text)];
  const chain = { ...old, rules: rules.map((each, i) => ({ number: i + 1, text: each, packets: 0 })) };
  return { ...space, iptables: new Map([...space.iptables, ["filter", new Map([...filter, ["FORWARD", chain]])]]) };
};

const PINGS = [
  ["c1", "c2"],
  ["c2", "c1"],
  ["c1", "c3"],
  ["c3", "c1"],
  ["c2", "c3"],
].map(([from = "", to = ""]) => failedPing(from, to));

const found = (scene: Scene) => blocked(scene, [], { walks: walksOf(scene, PINGS, false), health: new Map() });

test("a rule claims the checks whose walk it stops, and no other check of its host", async () => {
  const clean = await deepScene();
  const address = clean.seen[1]?.facts.containers.find((c) => c.name === "c2")?.addresses["app"] ?? "";
  const scene = await deepScene((space, host) => (host === "h1" ? dropped(space, `-s ${address}/32 -j DROP`) : space));
  const cause = found(scene).find(({ id }) => id === "rule-blocks");
  const ends = endsOf(scene.fabric.inventory);
  const claimed = PINGS.filter((ping) => cause !== undefined && explains(cause, ping, ends));
  expect(claimed.map(({ from, to }) => `${from} ${to}`)).toEqual(["c1 c2", "c2 c1"]);
});

test("of more checks than are walked each kind between each two hosts is, and the rest are counted", async () => {
  const scene = await deepScene();
  const many = Array.from({ length: 450 }, () => failedPing("c1", "c2"));
  const walks = walksOf(scene, [...many, failedPing("c3", "c1")], false);
  expect(walks.left).toBe(51);
  expect(walks.list.map(({ from, to }) => `${from.ref} ${to.ref}`)).toContain("c3 c1");
  expect(walksOf(scene, many, true).left).toBe(0);
});

describe("a policy rule that diverts", () => {
  const remedy = async (rules: string, table: readonly Partial<Space["routes"][number]>[]): Promise<unknown> => {
    const scene = await deepScene((space, host) => {
      const [model] = space.routes.filter((r) => r.destination === "0.0.0.0/0");
      if (host !== "h1") return space;
      const routes = table.map((r) => ({ ...(model ?? space.routes[0]!), table: "77", ...r }));
      const policies = [...space.policies, ...parsePolicies(rules)].toSorted((a, b) => a.priority - b.priority);
      return { ...space, policies, routes: [...space.routes, ...routes] };
    });
    return found(scene)
      .filter(({ id }) => id === "policy-rule")
      .map(({ remedy: { on, command } }) => `${on ?? ""}: ${command}`);
  };
  const nowhere = { type: "blackhole", destination: "0.0.0.0/0", gateway: undefined, device: undefined } as const;
  const ours = async (): Promise<string> => (await deepScene()).fabric.subnets.get("app")?.get("h2")?.[0] ?? "";

  test("goes where it is about the fabric alone, and its table stays", async () => {
    const [net = ""] = (await ours()).split("/");
    expect(await remedy(`[{"priority":100,"src":"all","dst":"${net}","dstlen":24,"table":"77"}]`, [nowhere])).toEqual([
      `h1: ip rule del priority 100 from all to ${net}/24 lookup 77`,
    ]);
  });
  test("stays where it is about more, and the fabric's route in its table goes", async () => {
    const subnet = await ours();
    const route = { ...nowhere, destination: subnet };
    expect(await remedy(`[{"priority":100,"src":"all","table":"77"}]`, [route])).toEqual([
      `h1: ip route del blackhole ${subnet} table 77`,
    ]);
    // Another rule needs that route.
    const shared = `[{"priority":100,"src":"all","table":"77"},{"priority":200,"src":"192.0.2.0","srclen":24,"table":"77"}]`;
    expect(await remedy(shared, [route])).toEqual([`h1: ip rule add priority 99 to ${subnet} lookup main`]);
  });
  test("of a VPN, with a default route of its own, stays: the fabric goes past it", async () => {
    const all = await remedy(`[{"priority":100,"src":"all","table":"77"}]`, [nowhere]);
    expect(all).toContain(`h1: ip rule add priority 99 to ${await ours()} lookup main`);
  });
});

test("what a policy rule does is a word, also where ip prints a number", () => {
  const [rule] = parsePolicies(`[{"priority":100,"src":"all","dst":"192.0.2.0","dstlen":24,"action":"8"}]`);
  expect(rule?.text).toBe("from all to 192.0.2.0/24 prohibit");
});

test("a masquerade is blamed for what becomes of packets with another address, and none of Docker's own rules", async () => {
  const json = JSON.stringify({
    nftables: [
      { table: { family: "ip", name: "theirs", handle: 1 } },
      {
        chain: { family: "ip", table: "theirs", name: "out", handle: 1, type: "nat", hook: "postrouting", prio: 90 },
      },
      { rule: { family: "ip", table: "theirs", chain: "out", handle: 2, expr: [{ masquerade: null }] } },
    ],
  });
  const scene = await deepScene((space, host) => (host === "h1" ? { ...space, nft: parseNft(`${json}\n`) } : space));
  const subnet = (host: string): string => scene.fabric.subnets.get("app")?.get(host)?.[0] ?? "";
  const causes = blocked(scene, [], { walks: walksOf(scene, [failedPing("c1", "c2")], false), health: new Map() });
  const ofH2 = causes.filter(({ remedy }) => remedy.command.includes(subnet("h2")));
  expect(ofH2.map(({ id, host, remedy }) => [id, host, remedy.command])).toEqual([
    [
      "source-changed",
      "h1",
      `nft insert rule ip theirs out handle 2 ip saddr ${subnet("h1")} ip daddr ${subnet("h2")} accept`,
    ],
  ]);
  expect(causes.filter(({ host }) => host !== "h1")).toEqual([]);
});
