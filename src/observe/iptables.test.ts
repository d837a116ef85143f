import fc from "fast-check";
import { expect, test } from "vitest";
import { parseTables } from "./iptables.ts";

const rulesOf = (rules: readonly string[]): readonly string[] | undefined =>
  parseTables(["*filter", ":MINE - [0:0]", ...rules.map((rule) => `-A MINE ${rule}`), "COMMIT", ""].join("\n"))
    .get("filter")
    ?.chains.get("MINE")?.rules;

test("rules come back as they were printed, in their order", () => {
  const words = fc.constantFrom(
    "-s",
    "-d",
    "10.0.0.0/8",
    "10.0.0.1/32",
    "!",
    "-i",
    "eth0",
    "-j",
    "ACCEPT",
    "-p",
    "tcp",
  );
  const rule = fc.array(words, { minLength: 1, maxLength: 9 }).map((all) => all.join(" "));
  fc.assert(
    fc.property(fc.array(rule), (rules) => {
      expect(rulesOf(rules)).toEqual(rules);
    }),
  );
});

test("policies, counters, quotes around comments and protocol 4 by its names", () => {
  const tables = parseTables(
    [
      ...["*nat", ":POSTROUTING ACCEPT [3:180]", "COMMIT", "*filter", ":FORWARD DROP [0:0]", ":MINE - [0:0]"],
      '[7:420] -A FORWARD -m comment --comment "xhost:a" -j MINE',
      '-A MINE -p ipencap -m comment --comment "two words" -j ACCEPT',
    ].join("\n"),
  );
  const filter = tables.get("filter");
  expect([...(filter?.policies ?? [])]).toEqual([["FORWARD", "DROP"]]);
  expect(filter?.chains.get("FORWARD")?.rules).toEqual(["-m comment --comment xhost:a -j MINE"]);
  expect(filter?.chains.get("MINE")?.rules).toEqual(['-p 4 -m comment --comment "two words" -j ACCEPT']);
  expect(tables.get("nat")?.chains.get("POSTROUTING")?.rules).toEqual([]);
});
