// Text of hosts goes into commands that root pastes: it stays single words of the shell, and takes no more away than the fabric's.
import { execFileSync } from "node:child_process";
import { describe, expect, it, test } from "vitest";
import type { Decider, Hop } from "./hop.ts";
import { request, type Packet } from "./packet.ts";
import { removal } from "./removal.ts";

const packet = request({ source: "172.30.1.2", destination: "172.30.2.2" });
const subnets = ["172.30.1.0/24", "172.30.2.0/24"];

const hopOf = (decides: Decider, more: Partial<Hop> = {}): Hop => ({
  ...{ host: "h1", container: undefined, point: "filter INPUT", verdict: "drops", why: "drops it", isOuter: false },
  packet,
  decides,
  ...more,
});
const rule = (text: string, chain = "FORWARD"): Decider => ({
  ...{ kind: "rule", tool: "iptables", table: "filter", number: 3 },
  chain,
  text,
});

const raw = (text: string): Decider => ({
  ...{ kind: "rule", tool: "iptables", table: "raw", chain: "PREROUTING", number: 2 },
  text,
});

/** The words that a shell makes of a command, with what is in double quotes not run. */
const wordsOf = (command: string): readonly string[] =>
  execFileSync("sh", ["-c", `set -f; printf '%s\\n' ${command}`], { encoding: "utf8" })
    .trimEnd()
    .split("\n");

describe("what a host has said is no shell", () => {
  it.each([
    [
      "a comment",
      rule('-s 172.30.1.0/24 -m comment --comment "$(touch /tmp/owned) `id` it\'s" -j DROP'),
      "$(touch /tmp/owned) `id` it's",
    ],
    ["an escaped quote", rule('-s 172.30.1.0/24 -m comment --comment "a\\"b\\\\c" -j DROP'), 'a"b\\c'],
    ["a device", rule("-s 172.30.1.0/24 -i a;$(id) -j DROP"), "a;$(id)"],
    ["a chain", rule("-s 172.30.1.0/24 -j DROP", "x';id;'"), "x';id;'"],
    [
      "the device of a neighbour",
      { kind: "neighbour", device: "a';id;'", text: "10.0.0.1 x" } satisfies Decider,
      "a';id;'",
    ],
    [
      "the device of a route",
      { kind: "route", table: "77", text: "10.1.0.0/16 via 10.0.0.1 dev $(id)" } satisfies Decider,
      "$(id)",
    ],
    [
      "the device of a policy rule",
      { kind: "ip rule", priority: 9, text: "from all iif a;b prohibit" } satisfies Decider,
      "a;b",
    ],
  ] as const)("%s", (_what, decides, word) => {
    expect(wordsOf(removal(hopOf(decides)) ?? "")).toContain(word);
  });

  it("a device's switch is a file, in a container's namespace too", () => {
    const decides: Decider = { kind: "sysctl", key: "net.ipv4.conf.a'$(id).100.rp_filter", value: "1" };
    const file = `'/proc/sys/net/ipv4/conf/a'"'"'$(id).100/rp_filter'`;
    expect(removal(hopOf(decides))).toBe(`echo 2 > ${file}`);
    const inside = removal(hopOf(decides, { container: "abc" })) ?? "";
    expect(wordsOf(inside.slice(inside.indexOf("sh -c")))).toEqual(["sh", "-c", `echo 2 > ${file}`]);
  });

  it("a terminal is not steered", () => {
    expect(removal(hopOf(rule("-s 172.30.1.0/24 -i a\u001b]0;x\u0007 -j DROP")))).not.toMatch(/\p{Cc}/u);
  });
});

test.each<[string, Decider]>([
  ["the default route", { kind: "route", table: "main", text: "default via 10.0.0.1 dev eth0" }],
  ["the host's own address", { kind: "route", table: "local", text: "local 192.168.1.10 dev eth0" }],
  ["the network of a device", { kind: "route", table: "main", text: "10.0.0.0/16 dev eth0" }],
  ["no route", { kind: "route", table: "main", text: "none to 10.1.1.1" }],
])("%s is not taken away", (_what, decides) => {
  expect(removal(hopOf(decides))).toBeUndefined();
});

const policy: Decider = { kind: "policy", tool: "iptables", table: "filter", chain: "FORWARD", text: "DROP" };
const udp: Packet = {
  ...packet,
  source: "10.0.0.1",
  destination: "10.0.0.2",
  protocol: 17,
  port: 4789,
  icmpType: undefined,
};
const nft = (handle: number | undefined, text: string): Decider => ({
  ...{ kind: "nft", family: "inet", table: "t", chain: "c" },
  handle,
  text,
});

test.each<[string, Hop, string | undefined]>([
  ["a policy", hopOf(policy), "iptables -t filter -A FORWARD -s 172.30.1.0/24 -d 172.30.2.0/24 -j ACCEPT"],
  [
    "a rule for all",
    hopOf(rule("-j REJECT")),
    "iptables -t filter -I FORWARD 3 -s 172.30.1.0/24 -d 172.30.2.0/24 -j ACCEPT",
  ],
  [
    "a rule for the LAN's device",
    hopOf(rule("-i eth0 -j DROP")),
    "iptables -t filter -I FORWARD 3 -s 172.30.1.0/24 -d 172.30.2.0/24 -j ACCEPT",
  ],
  [
    "all but one network",
    hopOf(rule("! -s 172.30.1.0/24 -j DROP")),
    "iptables -t filter -I FORWARD 3 -s 172.30.1.0/24 -d 172.30.2.0/24 -j ACCEPT",
  ],
  [
    "a tunnel's packet",
    hopOf(rule("-j DROP", "INPUT"), { packet: udp, isOuter: true }),
    "iptables -t filter -I INPUT 3 -s 10.0.0.1 -d 10.0.0.2 -p udp --dport 4789 -j ACCEPT",
  ],
  [
    "a policy of nft",
    hopOf(nft(undefined, "drop")),
    "nft add rule inet t c ip saddr 172.30.1.0/24 ip daddr 172.30.2.0/24 accept",
  ],
  [
    "a rule of nft for all",
    hopOf(nft(7, "drop")),
    "nft insert rule inet t c handle 7 ip saddr 172.30.1.0/24 ip daddr 172.30.2.0/24 accept",
  ],
  [
    "a masquerade, which others need toward the outside",
    hopOf(nft(7, "ip saddr 172.30.1.0/24 masquerade"), { becomes: { source: "10.0.0.1", destination: "172.30.2.2" } }),
    "nft insert rule inet t c handle 7 ip saddr 172.30.1.0/24 ip daddr 172.30.2.0/24 accept",
  ],
  ["Docker's own drop in raw", hopOf(raw("-d 172.30.2.2/32 ! -i br-1 -j DROP")), undefined],
  ["Docker's own drop in a chain of its own", hopOf(rule("! -i xh-a -o xh-a -j DROP", "DOCKER")), undefined],
  [
    "what the user has put before it",
    hopOf(raw("-d 172.30.2.2/32 -j DROP")),
    "iptables -t raw -D PREROUTING -d 172.30.2.2/32 -j DROP",
  ],
  ["a rule of nft for the fabric", hopOf(nft(7, "ip daddr 172.30.2.0/24 drop")), "nft delete rule inet t c handle 7"],
  [
    "a rule for the fabric",
    hopOf(rule("-d 172.30.2.0/24 -j DROP")),
    "iptables -t filter -D FORWARD -d 172.30.2.0/24 -j DROP",
  ],
  [
    "a policy rule, with what it is about",
    hopOf({ kind: "ip rule", priority: 9, text: "from 172.30.1.0/24 prohibit" }),
    "ip rule del priority 9 from 172.30.1.0/24 prohibit",
  ],
])("%s", (_what, hop, command) => {
  expect(removal(hop, { subnets })).toBe(command);
});
