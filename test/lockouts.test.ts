import { expect, test } from "vitest";
import { fabric } from "../src/model/fabric.ts";
import type { Facts } from "../src/model/facts.ts";
import { lockouts } from "../src/model/lockouts.ts";
import { look } from "./captured.ts";

/** What is said of h1, with h2's block at 172.18.0.0/24 and its own at 172.19.0.0/24. */
const told = async (its: Partial<Facts>, isAllowed = false): Promise<readonly string[]> => {
  const seen = await look({
    moment: "before",
    edit: (t) =>
      t.replace(/pool:.*\n.*prefix:.*\n/, "subnets: { h1: 172.19.0.0/24, h2: 172.18.0.0/24, h3: 172.20.0.0/24 }\n"),
  });
  const facts = seen.sights.get("h1")?.facts;
  if (facts === undefined) throw new TypeError("h1 was seen");
  return lockouts(fabric(seen.inventory, seen.sights), "h1", { ...facts, ...its }, { isAllowed });
};

test.each([
  ["far away", { sshPeer: "192.0.2.1" }, []],
  [
    "in another host's block",
    { sshPeer: "172.18.0.9" },
    [/^network app: 172\.18\.0\.0\/24 of h2 has 172\.18\.0\.9 in it, where you are logged in from: .*--i-know$/],
  ],
  [
    "in the host's own",
    { sshPeer: "172.19.0.9" },
    [/^network app: 172\.19\.0\.0\/24, its block here, has 172\.19\.0\.9 in it.* choose another pool or subnet$/],
  ],
  ["of IPv6", { sshPeer: "fd00::1" }, []],
  ["that is not known", { sshPeer: undefined }, []],
  [
    "as a router",
    { routes: [{ destination: "0.0.0.0/0", device: "eth0", gateway: "172.18.0.1", protocol: "boot", metric: 0 }] },
    [/172\.18\.0\.1 in it, the router of its default route/],
  ],
] as [string, Partial<Facts>, RegExp[]][])("an operator %s", async (_what, its, expected) => {
  const all = await told({ sshPeer: undefined, sshAddress: undefined, ...its });
  expect(all).toHaveLength(expected.length);
  for (const [i, pattern] of expected.entries()) expect(all[i]).toMatch(pattern);
});

test("a route may be allowed, a bridge not; a network that stands already cuts nobody off", async () => {
  expect(await told({ sshPeer: "172.18.0.9" }, true)).toEqual([]);
  expect(await told({ sshPeer: "172.19.0.9" }, true)).toHaveLength(1);
  const standing = {
    id: "1",
    name: "app",
    driver: "bridge",
    subnets: ["172.19.0.0/24"],
    gateway: undefined,
    bridge: "b",
    mtu: 1500,
    labels: {},
  };
  expect(await told({ sshPeer: "172.19.0.9", networks: [standing] })).toEqual([]);
});

test("a block that has the address in it at which another host is logged in to; the host itself is told by its own words", async () => {
  const seen = await look({
    moment: "before",
    edit: (t) =>
      t.replace(/pool:.*\n.*prefix:.*\n/, "subnets: { h1: 172.19.0.0/24, h2: 172.18.0.0/24, h3: 172.20.0.0/24 }\n"),
  });
  const sights = new Map(
    [...seen.sights].map(([name, sight]) => [name, name === "h3" ? { ...sight, hostname: "172.18.0.7" } : sight]),
  );
  const whole = fabric(seen.inventory, sights);
  const of = (host: string, isAllowed = false) => lockouts(whole, host, seen.sights.get(host)!.facts!, { isAllowed });
  expect(of("h1")).toEqual([
    expect.stringMatching(/^network app: 172\.18\.0\.0\/24 of h2 has 172\.18\.0\.7 in it, where xhost logs in to h3: /),
  ]);
  expect(of("h2", true)).toEqual([
    expect.stringMatching(/, its block here, has 172\.18\.0\.7 in it, where xhost logs in to h3: /),
  ]);
  expect([of("h1", true), of("h3")]).toEqual([[], []]);
});
