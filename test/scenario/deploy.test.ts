import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { XhostError } from "../../src/errors.ts";
import { parseInventory } from "../../src/inventory/parse.ts";
import { inventoryText, partText } from "../../src/scenario/deploy-inventory.ts";
import { judgeDeploy, type Row } from "../../src/scenario/deploy-judge.ts";
import { deployMermaid, deployPicture } from "../../src/scenario/deploy-picture.ts";
import { isDeploy, type DeployCheck } from "../../src/scenario/deploy-scenario.ts";
import { readScenario } from "../../src/scenario/library.ts";
import { parseScenario } from "../../src/scenario/parse.ts";

const scenario = await readScenario("cross-host", "/");
if (!isDeploy(scenario)) throw new TypeError("it is a deploy");
const { wanted, refused } = scenario.deploy;
const written = await readFile(join(import.meta.dirname, "../../scenarios/cross-host.yml"), "utf8");

test("cross-host: its inventories and its picture", async () => {
  const stage = {
    hosts: new Map([
      ["h1", ""],
      ["h2", ""],
    ]),
    image: "busybox",
  };
  const text = [
    partText(scenario, refused?.wanted ?? wanted, stage),
    partText(scenario, wanted, stage),
    deployPicture(scenario),
    deployMermaid(scenario),
  ].join("\n\n");
  await expect(`${text}\n`).toMatchFileSnapshot(join(import.meta.dirname, "../golden/scenarios/cross-host.txt"));
});

test("on other hosts it is the same under their names, with what the inventory says of the way to them", () => {
  const stage = {
    defaults: { ssh: { user: "root", identityFile: "${KEY}" } },
    hosts: new Map<string, unknown>([
      ["web", "192.0.2.7"],
      ["db", { ssh: { host: "192.0.2.8", port: 2222 }, become: "sudo" }],
    ]),
    image: "busybox",
  };
  const text = inventoryText(scenario, wanted, stage);
  expect(text).toContain('identityFile: "${KEY}"');
  const { name, hosts, networks, containers, checks } = parseInventory(text, { file: "x.yml", env: { KEY: "/k" } });
  expect(name).toBe("scenario-cross-host");
  expect(hosts.map((host) => [host.name, host.ssh.host, host.ssh.port])).toEqual([
    ["web", "192.0.2.7", undefined],
    ["db", "192.0.2.8", 2222],
  ]);
  expect([...(networks[0]?.blocks ?? [])]).toEqual([
    ["web", { kind: "subnet", subnet: "172.19.0.0/16" }],
    ["db", { kind: "subnet", subnet: "172.18.0.0/16" }],
  ]);
  expect(containers.map(({ ref, host }) => `${ref} ${host}`)).toEqual(["c1 web", "c2 db"]);
  expect(checks).toHaveLength(2);
});

describe("a file with what is wrong", () => {
  const problemsOf = (from: string, to: string): string => {
    expect(written).toContain(from);
    try {
      parseScenario(written.replace(from, to), "mine.yml");
    } catch (error) {
      if (error instanceof XhostError && error.code === "INVENTORY") return error.message;
      throw error;
    }
    return "";
  };

  test.each([
    [
      "an unknown key",
      "  hosts: [h1, h2]",
      "  hosts: [h1, h2]\n  colour: red",
      /^mine\.yml:\d+:3 deploy\.colour: unknown key$/,
    ],
    ["both kinds", "deploy:\n", "topology: {}\ndeploy:\n", /^mine\.yml:\d+:1 topology: unknown key$/],
    ["a long name", "name: cross-host", "name: across-hosts", /^mine\.yml:2:7 name: should have at most 11 characters/],
    [
      "a container on no host",
      "c1: { host: h1",
      "c1: { host: h9",
      /deploy\.containers\.c1\.host: no host h9 \(known: h1, h2\)/,
    ],
    ["a check of no container", "ping: { from: c1", "ping: { from: c9", /checks\.2\.ping\.from: no container c9/],
    ["a check on no host", "    in: h1\n", "    in: h9\n", /checks\.0\.in: no host h9/],
    [
      "a command on no host",
      "- in: h2\n        run: ip route",
      "- in: h9\n        run: ip route",
      /breaks\.route\.exec\.0\.in: no host h9/,
    ],
    [
      "a claim of no check",
      "fails: [c1 reaches",
      "fails: [c1 likes",
      /breaks\.firewall\.fails\.0: is the claim of no check/,
    ],
    ["a check without a probe", ", plan: empty", "", /checks\.4: should have one of ping, run, plan/],
    ["what no inventory may have", "h1: 172.19.0.0/16", "h1: 172.19.0.1/16", /should be an IPv4 network/],
    ["what the inventory's reader refuses", "network: net_18, command", "network: net_99, command", /deploy: .*net_99/],
    [
      "a pattern that is none",
      'matches: "^172\\\\.18',
      'matches: "(^172\\\\.18',
      /checks\.0\.matches: should be a regular expression/,
    ],
  ])("%s", (_what, from, to, message) => {
    expect(problemsOf(from, to)).toMatch(message);
  });
});

const ping: DeployCheck = { claim: "it pings", kind: "ping", from: "c1", to: "c2" };
const row = (rest: Partial<Row>): Row => ({
  from: "c1",
  to: "c2",
  result: "ok",
  note: "",
  address: "10.0.0.2",
  ...rest,
});

test.each([
  [{ source: "10.0.0.1" }, true, "10.0.0.2 answers, which sees 10.0.0.1"],
  [{}, true, "10.0.0.2 answers"],
  [{ result: "failed", note: "no answer" }, false, "no answer from 10.0.0.2"],
  [
    { result: "failed", address: undefined, note: "c2 is exited" },
    false,
    "no answer from it, which has no address: c2 is exited",
  ],
  [{ result: "unchecked", note: "h1 cannot be asked" }, false, "it could not be tried: h1 cannot be asked"],
  [{ to: "c3" }, false, "it was not tried"],
] as [Partial<Row>, boolean, string][])("a ping that gave %j", (rest, holds, seen) => {
  expect(judgeDeploy(ping, { rows: [row(rest)], output: "", changes: 0 })).toEqual({ holds, seen });
});

test("a plan with changes, and one without", () => {
  const check: DeployCheck = { claim: "done", kind: "plan" };
  const given = (changes: number) => ({ rows: [], output: "", changes });
  expect(judgeDeploy(check, given(0))).toEqual({ holds: true, seen: "nothing to do" });
  expect(judgeDeploy(check, given(2))).toEqual({ holds: false, seen: "2 changes to make" });
});
