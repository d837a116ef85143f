import { expect, test } from "vitest";
import { dropRules, parseDrop } from "./faults-drop.ts";

const hosts = [
  { name: "h1", address: "10.211.55.11", engine: "machine" },
  { name: "h2", address: "10.211.56.12", engine: "machine" },
] as const;

test.each([
  ["proto4", { packets: "proto4", side: "both" }],
  ["proto4@h1", { packets: "proto4", side: "both", host: "h1" }],
  ["udp", { packets: "udp", side: "both" }],
  ["udp:4789@from-h2", { packets: "udp", port: 4789, side: "from", host: "h2" }],
  ["udp@to-h12", { packets: "udp", side: "to", host: "h12" }],
  ["foreign-sources", { packets: "foreign-sources", side: "both" }],
  ["foreign-sources@from-h1", { packets: "foreign-sources", side: "from", host: "h1" }],
])("%s is read", (word, drop) => {
  expect(parseDrop(word)).toEqual({ port: undefined, host: undefined, ...drop });
});

test.each([
  ["", "should be proto4, udp, udp:PORT or foreign-sources"],
  ["proto41", "should be proto4, udp"],
  ["proto4:1", "should be proto4, udp"],
  ["tcp:80", "should be proto4, udp"],
  ["udp:", "should be proto4, udp"],
  ["udp:x", "should be proto4, udp"],
  ["udp@", "should be proto4, udp"],
  ["udp@h1@h2", "should be proto4, udp"],
  ["udp:0", "a port is 1 to 65535"],
  ["udp:65536", "a port is 1 to 65535"],
  ["foreign-sources@to-h1", "a host's sources are looked at on what it sends"],
])("%j is refused", (word, why) => {
  expect(() => parseDrop(word)).toThrow(`drop "${word}": ${why}`);
});

const rulesOf = (...words: readonly string[]) =>
  dropRules(words.map(parseDrop), hosts)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("chain") || line.endsWith(" drop"));

test.each([
  [["proto4"], ["chain from_hosts {", "ip protocol 4 counter drop", "chain to_hosts {", "ip protocol 4 counter drop"]],
  [
    ["udp:4789@h1"],
    [
      "chain from_hosts {",
      'iifname "h1" ip protocol udp udp dport 4789 counter drop',
      "chain to_hosts {",
      'oifname "h1" ip protocol udp udp dport 4789 counter drop',
    ],
  ],
  [["udp@from-h1"], ["chain from_hosts {", 'iifname "h1" ip protocol udp counter drop', "chain to_hosts {"]],
  [["proto4@to-h2"], ["chain from_hosts {", "chain to_hosts {", 'oifname "h2" ip protocol 4 counter drop']],
  [
    ["foreign-sources"],
    [
      "chain from_hosts {",
      'iifname "h1" ip saddr != 10.211.55.11 counter drop',
      'iifname "h2" ip saddr != 10.211.56.12 counter drop',
      "chain to_hosts {",
    ],
  ],
  [
    ["foreign-sources@h2"],
    ["chain from_hosts {", 'iifname "h2" ip saddr != 10.211.56.12 counter drop', "chain to_hosts {"],
  ],
])("the rules of %j", (words, rules) => {
  expect(rulesOf(...words)).toEqual(rules);
});

test("without drops the table goes, whether it was there or not", () => {
  expect(dropRules([], hosts)).toBe("table bridge xhost_faults\ndelete table bridge xhost_faults\n");
});
