import { describe, expect, it } from "vitest";
import { parsePolicies } from "./depth-policies.ts";
import { parseRuleset } from "./depth-rules.ts";
import { XhostError } from "../errors.ts";
import { parseDepth } from "./depth.ts";
import { seenOn } from "./printed.ts";

// `ip -j -4 -N rule`, iproute2 6.1
const RULES = `[{"priority":0,"src":"all","table":"255"},{"priority":99,"src":"all","uid_start":1,"uid_end":2,"ipproto":"17","dport":5,"table":"7"},{"priority":100,"src":"172.30.194.0","srclen":24,"fwmark":"0x1","fwmask":"0xff","iif":"eth0","table":"100"},{"priority":101,"not":null,"src":"all","dst":"1.2.3.0","dstlen":24,"action":"6"},{"priority":102,"src":"all","table":"254","suppress_prefixlen":0}]`;

describe("policy rules", () => {
  it("in words, with what can be judged and what cannot", () => {
    const rules = parsePolicies(RULES);
    expect(rules.map(({ text }) => text)).toEqual([
      "from all lookup local",
      "from all uid_start 1 uid_end 2 ipproto 17 dport 5 lookup 7",
      "from 172.30.194.0/24 fwmark 0x1/0xff iif eth0 lookup 100",
      "not from all to 1.2.3.0/24 blackhole",
      "from all lookup main suppress_prefixlength 0",
    ]);
    expect(rules[1]?.others).toEqual(["uid_start 1", "uid_end 2", "ipproto 17", "dport 5"]);
    expect(rules[2]).toMatchObject({ source: "172.30.194.0/24", mark: { value: 1, mask: 255 }, incoming: "eth0" });
    expect(rules[3]).toMatchObject({ not: true, destination: "1.2.3.0/24", action: "blackhole" });
  });
});

describe("rules with counters", () => {
  it("keeps their order and their numbers", () => {
    const text = `*filter\n:FORWARD DROP [3:252]\n:MINE - [0:0]\n[7:588] -A FORWARD -j MINE\n[1:84] -A MINE -s 1.2.3.4/32 -j DROP\n[0:0] -A MINE\nCOMMIT\n`;
    const chains = parseRuleset(text).get("filter");
    expect([chains?.get("FORWARD")?.policy, chains?.get("FORWARD")?.packets]).toEqual(["DROP", 3]);
    expect(chains?.get("MINE")).toEqual({
      name: "MINE",
      policy: undefined,
      packets: 0,
      rules: [
        { number: 1, text: "-s 1.2.3.4/32 -j DROP", packets: 1 },
        { number: 2, text: "", packets: 0 },
      ],
    });
  });
});

describe("a deep look", () => {
  const section = (name: string, text: string): string => `\u001e${name}\n${text}\n`;
  const veth = (name: string, index: number, peer: number): string =>
    `[{"ifindex":${index},"link_index":${peer},"ifname":"${name}","flags":["UP","LOWER_UP"],"mtu":1500,"linkinfo":{"info_kind":"veth"}}]`;

  it("does without what a program prints as JSON that is none", () => {
    const depth = parseDepth(
      section("clock", "1") +
        section("qdiscs", '[{"kind":"tbf","dev":"eth0","options":{"rate":}]') +
        section("own nft", '{"nftables": [{"metainfo": }]}'),
    );
    expect([depth.qdiscs, depth.own.nft]).toEqual([[], []]);
  });

  it("says what could not be read, and of which container", () => {
    const table = "table inet guard { # handle 3\n}";
    const depth = parseDepth(
      section("qdiscs", '[{"kind":"tbf","dev":"eth0","options":{"rate":}]') +
        section("own nft", `{"nftables": [{"metainfo": }]}\n${table}`) +
        section("container", "aaa 292 ") +
        section("aaa links", veth("eth0", 5, 6)) +
        section("aaa nft", table) +
        section("container", "bbb 300 ") +
        section("bbb links", "[{") +
        section("hidden", "ccc nobody can enter it"),
    );
    expect(depth.unseen.map(({ container, what }) => [container, what])).toEqual([
      [undefined, "what `tc -s -j qdisc` printed cannot be read"],
      [undefined, "what `nft -j list table inet guard` printed cannot be read"],
      ["aaa", "what `nsenter -t 292 -n nft -j list table inet guard` printed cannot be read"],
      ["bbb", expect.stringMatching(/^what `ip -j -s -d address` printed cannot be read: .*JSON/)],
      ["ccc", "nobody can enter it"],
    ]);
    expect([...depth.containers.keys()]).toEqual(["aaa"]);
  });

  it("names the host and the command whose output is none", () => {
    const parse = () => seenOn("h1", () => parseDepth(section("own routes", '[{"dst":5}]')));
    expect(parse).toThrow(
      /^h1: look at the host: what `ip -j -4 -N route show table all` printed cannot be read: 0\.dst: /,
    );
    expect(parse).toThrow(XhostError);
  });

  it("finds the other ends of containers, and leaves out one that has ended", () => {
    const depth = parseDepth(
      section("clock", "1795383432") +
        section("own links", veth("veth1", 6, 5)) +
        section("container", "aaa 292 ") +
        section("aaa links", veth("eth0", 5, 6)) +
        section("container", "bbb 300 ") +
        section("bbb links", "") +
        section("container", "ccc 301 host"),
    );
    expect([...depth.containers.keys()]).toEqual(["aaa", "ccc"]);
    expect(depth.containers.get("aaa")).toMatchObject({ pid: 292, peers: new Map([["eth0", "veth1"]]) });
    expect(depth.containers.get("ccc")?.space).toBe(depth.own);
    expect(depth.clock).toBe(1795383432);
  });

  it("reads handshakes and what throws packets away", () => {
    const peer = "wg0\tKEY=";
    const depth = parseDepth(
      section(
        "handshakes",
        `endpoints\t${peer}\t10.0.0.2:51820\nlatest-handshakes\t${peer}\t1795383000\ntransfer\t${peer}\t180\t92`,
      ) +
        section(
          "qdiscs",
          `[{"kind":"noqueue","dev":"lo","drops":0,"options":{}},{"kind":"tbf","dev":"eth0","drops":7,"options":{"rate":1000}}]`,
        ),
    );
    expect(depth.wireguard).toEqual([
      { device: "wg0", publicKey: "KEY=", endpoint: "10.0.0.2:51820", handshake: 1795383000, received: 180, sent: 92 },
    ]);
    expect(depth.qdiscs).toEqual([{ device: "eth0", kind: "tbf", dropped: 7, options: { rate: 1000 } }]);
  });
});
