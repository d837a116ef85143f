import { expect, test } from "vitest";
import { readScenario } from "../../src/scenario/library.ts";
import { isDeploy } from "../../src/scenario/deploy-scenario.ts";
import { clashes } from "../../src/scenario/taken.ts";

// The host's own ends are 10.1.1.1/24 and 10.1.2.1/24.
const router = await readScenario("router", "/");
if (isDeploy(router)) throw new TypeError("it is on one host");

test.each([
  ["the same network", "10.1.1.0/24 dev eth1 proto kernel scope link src 10.1.1.9", true],
  ["a part of it", "10.1.2.128/25 via 192.0.2.1 dev eth0", true],
  ["one address of it", "10.1.2.7 dev wg0 scope link", true],
  ["nothing of it", "blackhole 10.1.2.0/24", true],
  ["a VPN around it", "10.0.0.0/8 dev tun0 scope link", false],
  ["the default route", "default via 192.0.2.1 dev eth0", false],
  ["a neighbour", "10.1.3.0/24 dev eth1", false],
])("a route to %s", (_what, line, isTaken) => {
  expect(clashes(router, { routes: [line], addresses: [] })).toEqual(isTaken ? [`the route ${line}`] : []);
});

test.each([
  [
    "10.1.1.50 the other end of the SSH connection",
    ["10.1.1.50, the other end of the SSH connection, is in 10.1.1.0/24"],
  ],
  ["10.1.2.254 a router of the host", ["10.1.2.254, a router of the host, is in 10.1.2.0/24"]],
  ["10.1.3.1 the host itself", []],
  ["fd00::1 the other end of the SSH connection", []],
])("%s", (line, told) => {
  expect(clashes(router, { routes: ["10.0.0.0/8 dev eth0"], addresses: [line] })).toEqual(told);
});
