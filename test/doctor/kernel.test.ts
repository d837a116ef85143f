import { expect, test } from "vitest";
import { kernel } from "../../src/doctor/checks/kernel.ts";
import { linkName } from "../../src/model/names.ts";
import type { Facts } from "../../src/model/facts.ts";
import { depthOf, sceneOf } from "./scenes.ts";

const TUNNEL = linkName("capture", "vxlan");

/** A second network between the same hosts, by another plane. */
const mixed = (text: string): string =>
  text.replace(
    /^containers:$/m,
    "  second: { pool: 172.31.0.0/16, prefix: 24, plane: vxlan, subnets: { h2: 172.31.2.0/24 } }\ncontainers:",
  );

/** What is strict on h1, and where the way back into h2's block of the second network leads. */
const found = async (strict: string, back: string, mode = "1"): Promise<readonly string[]> => {
  const scene = await sceneOf({ moment: "after", edit: mixed }, (facts: Facts) => {
    const { routes, links } = depthOf(facts).own;
    const tunnel = { ...links[0]!, name: TUNNEL, addresses: [] };
    const second = { ...routes[0]!, destination: "172.31.2.0/24", device: back };
    return { conf: new Map([[`${strict}.rp_filter`, mode]]), routes: [...routes, second], links: [...links, tunnel] };
  });
  const h1 = scene.seen.find(({ host }) => host === "h1")!;
  return kernel(scene, h1).map(({ id, seen, remedy }) => `${id}: ${seen} | ${remedy.command}`);
};

test("with two planes at once each device is asked about its own networks' ways back", async () => {
  expect(await found("eth0", TUNNEL)).toEqual([]);
  expect(await found(TUNNEL, TUNNEL)).toEqual([]);
  expect(await found("all", TUNNEL)).toEqual([]);
});

test("a way back that leaves by the other plane's device is told of the one on which the packets come in", async () => {
  expect(await found(TUNNEL, "eth0")).toEqual([
    `rp-filter: rp_filter of ${TUNNEL} is 1 (strict), and the way back to 172.31.2.0/24 leaves by eth0 | echo 0 > /proc/sys/net/ipv4/conf/${TUNNEL}/rp_filter`,
  ]);
  expect(await found("eth0", "eth0")).toEqual([]);
});

test("loose is no better where the device has no address, and `all` counts for it too", async () => {
  expect(await found("all", "eth0", "2")).toEqual([
    expect.stringMatching(/ is 2 \(loose, which is .* \| echo 0 > \S+\/rp_filter && echo 0 > \S+\/all\/rp_filter$/),
  ]);
  expect(await found("eth0", TUNNEL, "2")).toEqual([]);
});
