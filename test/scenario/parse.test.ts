import { expect, test } from "vitest";
import { XhostError } from "../../src/errors.ts";
import { isDeploy } from "../../src/scenario/deploy-scenario.ts";
import { parseScenario } from "../../src/scenario/parse.ts";

const GOOD = `name: mine
title: A cable
about: text
topology:
  nodes:
    ns1:
    ns2:
    br1: { kind: bridge }
  links:
    - endpoints: ["ns1:v1", { node: ns2, interface: v2, ipv4: 10.1.1.2/24 }]
checks:
  - { claim: it pings, ping: { from: ns1, to: 10.1.1.2 } }
breaks:
  cable: { title: off, exec: [{ in: ns2, run: ip link set v2 down, why: off }], fails: [it pings], cause: { matches: v1, why: off } }
`;

const problemsOf = (text: string): string => {
  try {
    parseScenario(text, "mine.yml");
  } catch (error) {
    if (error instanceof XhostError && error.code === "INVENTORY") return error.message;
    throw error;
  }
  return "";
};

test("what is good is taken, and the host is always among the nodes", () => {
  const scenario = parseScenario(GOOD, "mine.yml");
  if (isDeploy(scenario)) throw new TypeError("it has no deploy");
  const { nodes, links, checks } = scenario;
  expect(nodes.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    "ns1 netns",
    "ns2 netns",
    "br1 bridge",
    "host host",
  ]);
  expect(links).toHaveLength(1);
  expect(checks[0]).toMatchObject({ kind: "ping", expect: "passes" });
});

test.each([
  ["an unknown key", ["title: A cable", "title: A cable\ncolour: red"], "mine.yml:3:1 colour: unknown key"],
  [
    "a long device",
    ["ns1:v1", "ns1:v1234567890123456"],
    "mine.yml:10:19 topology.links.0.endpoints.0: each of the two should be 1 to 15 letters",
  ],
  ["an unknown node", ['"ns1:v1"', '"ns9:v1"'], "mine.yml:10:19 topology.links.0.endpoints.0: no node ns9"],
  [
    "a device twice",
    ["node: ns2, interface: v2", "node: ns1, interface: v1"],
    "v1 is there already in ns1: take another name",
  ],
  ["no address", ["10.1.1.2/24", "10.1.1.2"], "should be an IPv4 address with its prefix length, such as 10.1.1.2/24"],
  [
    "a check without a probe",
    ["ping: { from: ns1, to: 10.1.1.2 }", "expect: fails"],
    "should have one of ping, tcp, run, peer, capture, fdb",
  ],
  [
    "a claim that is none",
    ["fails: [it pings]", "fails: [it sings]"],
    "breaks.cable.fails.0: is the claim of no check",
  ],
  [
    "no regular expression",
    ["matches: v1", "matches: '('"],
    "breaks.cable.cause.matches: should be a regular expression",
  ],
  [
    "another node of the host's",
    ["ns1:\n", "ns1: { kind: host }\n"],
    "the host's own namespace is the node `host`, and no other",
  ],
  [
    "an address of a bridge's port",
    ['"ns1:v1"', "{ node: br1, interface: p1, ipv4: 10.1.1.1/24 }"],
    "a bridge's port has no address",
  ],
  [
    "a route of a bridge",
    ["kind: bridge", "kind: bridge, routes: [{ to: default, via: 10.1.1.1 }]"],
    "topology.nodes.br1.routes: belongs to the host",
  ],
  [
    "an unknown device of a check",
    ["ping: { from: ns1, to: 10.1.1.2 }", 'peer: { of: "ns1:v1", is: "ns2:v3" }'],
    "no device v3 in ns2 (known: any, lo, v2)",
  ],
  ["a command of two lines", ["run: ip link set v2 down", 'run: "a\\nb"'], "should be one line"],
] as const)("%s is told with its place", (_what, [from, to], expected) => {
  expect(GOOD).toContain(from);
  const said = problemsOf(GOOD.replace(from, to));
  expect(said).toContain(expected);
});

test("all problems come at once, in the order of the file", () => {
  const said = problemsOf(GOOD.replace("about: text", "abaut: text").replace("kind: bridge", "kind: hub")).split("\n");
  expect(said).toEqual([
    expect.stringMatching(/^mine.yml:1:1 about: is missing/),
    expect.stringMatching(/^mine.yml:3:1 abaut: unknown key/),
    expect.stringMatching(/^mine.yml:8:18 topology.nodes.br1.kind: should be netns, host, bridge or ovs-bridge/),
  ]);
});
