// The kernel's reverse path filter, where packets come in by one device and the way back is by another.
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { examined, harm, heal, named, withChecks } from "./doctor-lab.ts";
import { byPlane } from "./plane-table.ts";
import { addressOf, pings, testLab, type TestLab } from "./xhost.ts";

const NAME = "ed-rpf";
let lab: TestLab;
let file: string;

beforeAll(async () => {
  lab = await testLab(NAME, 2, "bookworm,sid");
  file = await byPlane(lab, "vxlan", { edit: withChecks });
  const { code, stderr } = await lab.xhost("deploy", file, "--yes");
  expect(code, stderr).toBe(0);
});
afterAll(() => lab.down());

test("packets that come in by a tunnel pass, though the way back is by the other host itself", async () => {
  const to = await addressOf(lab, "h2", "c2");
  await harm(lab, { host: "h2", shell: "ip route add $THEIRS/32 via $PEER dev eth0 src $ME" });
  const arrived = await pings(lab, "h1", "c1", to);
  // Loose, the tunnel would be strict: it has no address.
  await harm(lab, { host: "h2", shell: "echo 2 > /proc/sys/net/ipv4/conf/$VX/rp_filter" });
  const loose = await pings(lab, "h1", "c1", to);
  const { stdout } = await lab.xhost("trace", file, "c1", "c2", "--static");
  await harm(lab, { host: "h2", shell: "echo 0 > /proc/sys/net/ipv4/conf/$VX/rp_filter; ip route del $THEIRS/32" });
  expect([arrived, loose]).toEqual([true, false]);
  expect(stdout).toMatch(
    /^FAULT on h2, rp_filter: it came in by xh-\S+, but the way back .* strict in loose mode too$/m,
  );
  expect(stdout).toMatch(/^ {2}remedy on h2: echo 0 > \/proc\/sys\/net\/ipv4\/conf\/xh-\S+\/rp_filter$/m);
});

test("a strict filter on the NIC, and a second NIC that has the way back", async () => {
  const netns = (host: string): string => `xhost-${NAME}-${host}`;
  const cable = ["eth1", "netns", netns("h1"), "type", "veth", "peer", "name", "eth1", "netns", netns("h2")];
  await execa("ip", ["link", "add", ...cable]);
  await harm(lab, { host: "h1", shell: "ip link set eth1 up; ip address add 192.168.77.1/30 dev eth1" });
  const second = "ip link set eth1 up; ip address add 192.168.77.2/30 dev eth1; ip route add $PEER/32 dev eth1 src $ME";
  await harm(lab, { host: "h2", shell: second });
  expect(named(await examined(lab, file))).toEqual([]);
  await harm(lab, { host: "h2", shell: "echo 1 > /proc/sys/net/ipv4/conf/eth0/rp_filter" });
  const sick = await examined(lab, file);
  expect(named(sick)).toEqual([expect.stringMatching(/^rp-filter h2 fault: .*eth0\.rp_filter = 1: .* is by eth1 /)]);
  const { remedy } = sick.findings[0]!;
  expect(remedy).toEqual({ on: "h2", command: "echo 2 > /proc/sys/net/ipv4/conf/eth0/rp_filter" });
  await heal(lab, remedy);
  expect(named(await examined(lab, file))).toEqual([]);
});
