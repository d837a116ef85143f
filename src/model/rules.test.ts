import { expect, test } from "vitest";
import { comesFirst } from "./rules.ts";

const own = [
  "-s 172.30.1.0/24 -d 172.30.2.0/24 -o eth0 -m comment --comment xhost:demo -j ACCEPT",
  "-s 172.30.2.0/24 -d 172.30.1.0/24 -o xh-demo-app -m comment --comment xhost:demo -j ACCEPT",
];

test.each([
  ["-m comment --comment xhost:other -j XHOST-other", false],
  ["-s 172.31.7.0/24 ! -o br-1234 -j MASQUERADE", false],
  ["-d 172.31.7.2/32 -p tcp -m tcp --dport 80 -j ACCEPT", false],
  ["-s 172.30.0.0/16 -j MASQUERADE", true],
  ["-s 172.30.1.0/24 ! -o xh-demo-app -j MASQUERADE", true],
  ["! -s 172.31.7.0/24 -j MASQUERADE", true],
  ["-o eth0 -j MASQUERADE", true],
  ["-o eth+ -j MASQUERADE", true],
  ["-o eth9 -j MASQUERADE", false],
  ["! -o eth9 -j MASQUERADE", true],
  ["-i eth9 -j DROP", true],
  ["-j DOCKER-USER", true],
])("%s: %s", (rule, expected) => {
  expect(comesFirst(rule, own)).toBe(expected);
});
const incoming = [
  "-s 10.0.0.2/32 -d 10.0.0.1/32 -p udp -m udp --dport 4789 -m comment --comment xhost:demo -j ACCEPT",
  "-p udp -m udp --dport 4789 -m comment --comment xhost:demo -j DROP",
];
test.each([
  ["-p tcp -m tcp --dport 22 -j ACCEPT", false],
  ["-p udp -m udp --dport 53 -j ACCEPT", false],
  ["-m conntrack --ctstate INVALID -j DROP", false],
  ["-p udp -m udp --dport 4000:5000 -j DROP", true],
  ["-p udp -j ACCEPT", true],
  ["! -p tcp -j DROP", true],
  ["-j DROP", true],
])("before the chain for incoming tunnels, %s: %s", (rule, expected) => {
  expect(comesFirst(rule, incoming)).toBe(expected);
});
const forwarded = [
  "-s 172.30.2.0/24 -d 172.30.1.0/24 -i eth0 -o xh-demo-app -m comment --comment xhost:demo -j ACCEPT",
  "-s 172.30.1.0/24 -d 172.30.2.0/24 -i xh-demo-app -o eth0 -m comment --comment xhost:demo -j ACCEPT",
];
test.each([
  ["-i eth9 -j DROP", false],
  ["-i eth9 -p tcp -m tcp --dport 5432 -j DROP", false],
  ["-i eth0 -j DROP", true],
  ["-i xh-+ -j DROP", true],
  ["! -i eth9 -j DROP", true],
  ["-i eth0 -o docker0 -j DROP", false],
])("in DOCKER-USER, %s: %s", (rule, expected) => {
  expect(comesFirst(rule, forwarded)).toBe(expected);
});
test.each(["-j ACCEPT", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"])("%s does what ours would", (rule) => {
  expect(comesFirst(rule, own)).toBe(false);
});
test("a chain for everything is behind every rule that is not xhost's", () => {
  expect(comesFirst("-s 172.31.7.0/24 -j DROP", ["-m comment --comment xhost:demo -j ACCEPT"])).toBe(true);
});
