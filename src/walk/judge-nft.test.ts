import { describe, expect, it } from "vitest";
import { passesStatement } from "./judge-nft.ts";
import { request, type Packet } from "./packet.ts";

const ping = request({ source: "1.2.3.4", destination: "172.30.2.2" });
const syn = request({ source: "5.5.5.5", destination: "172.30.2.2", port: 443 });

const sets = new Map([["ss", [{ prefix: { addr: "1.2.3.0", len: 24 } }, "6.6.6.6"]]]);
const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const meta = (key: string) => ({ meta: { key } });
const match = (left: unknown, right: unknown, op = "==") => ({ match: { op, left, right } });

const passes = (statement: unknown, packet: Packet) =>
  passesStatement(statement, { packet, incoming: "eth0", outgoing: "xh-demo-app", typeOf: () => "UNICAST" }, sets);

// statements as nft 1.0.6 and 1.1.7 print them with -j
describe("statements of nft", () => {
  it.each([
    ["saddr @ss", match(payload("ip", "saddr"), "@ss"), ping, true],
    ["saddr @ss, of another", match(payload("ip", "saddr"), "@ss"), syn, false],
    ["a set that was not read", match(payload("ip", "saddr"), "@other"), syn, undefined],
    ["daddr prefix", match(payload("ip", "daddr"), { prefix: { addr: "172.30.0.0", len: 16 } }), ping, true],
    ["daddr != prefix", match(payload("ip", "daddr"), { prefix: { addr: "172.30.0.0", len: 16 } }, "!="), ping, false],
    ["dport set", match(payload("tcp", "dport"), { set: [80, 443] }), syn, true],
    ["dport range", match(payload("tcp", "dport"), { range: [400, 500] }), syn, true],
    ["dport of a protocol that it is not", match(payload("udp", "dport"), 443), syn, false],
    ["dport != of a protocol that it is not", match(payload("tcp", "dport"), 443, "!="), ping, false],
    ["ct state", match({ ct: { key: "state" } }, ["established", "new"], "in"), syn, true],
    ["ct state related", match({ ct: { key: "state" } }, "related", "in"), syn, false],
    ["ct status dnat", match({ ct: { key: "status" } }, "dnat", "in"), { ...ping, nat: ["dnat"] }, true],
    ["ct status dnat, of one that is not", match({ ct: { key: "status" } }, "dnat", "in"), ping, false],
    ["ct status snat,dnat", match({ ct: { key: "status" } }, ["snat", "dnat"], "in"), { ...ping, nat: ["dnat"] }, true],
    ["ct status ! dnat", match({ ct: { key: "status" } }, "dnat", "!"), { ...ping, nat: ["dnat"] }, false],
    ["ct status assured", match({ ct: { key: "status" } }, "assured", "in"), ping, undefined],
    ["ct direction", match({ ct: { key: "direction" } }, "original"), ping, true],
    ["iifname", match(meta("iifname"), "eth0"), ping, true],
    ["iifname with a star", match(meta("oifname"), "xh-*"), ping, true],
    ["l4proto by name", match(meta("l4proto"), "tcp"), syn, true],
    ["l4proto set", match(meta("l4proto"), { set: ["udp", "icmp"] }), ping, true],
    ["icmp type", match(payload("icmp", "type"), "echo-request"), ping, true],
    ["mark with a mask", match({ "&": [meta("mark"), 255] }, 1), { ...ping, mark: 0x101 }, true],
    [
      "concatenation",
      match({ concat: [payload("ip", "saddr"), payload("tcp", "dport")] }, { set: [{ concat: ["5.5.5.5", 443] }] }),
      syn,
      true,
    ],
    ["ip6", match(payload("ip6", "saddr"), "::1"), ping, false],
    ["fib", match({ fib: { result: "type", flags: ["daddr"] } }, "local"), ping, false],
    ["length", match(meta("length"), 100, "<"), ping, true],
    ["counter", { counter: { packets: 1, bytes: 2 } }, ping, true],
    ["log", { log: { prefix: "x" } }, ping, true],
    ["limit", { limit: { rate: 5, burst: 5, per: "second" } }, ping, undefined],
    ["a match of xtables", { xt: { type: "match", name: "u32" } }, ping, undefined],
    ["time of day", match(meta("hour"), "10:00"), ping, undefined],
  ] as const)("%s", (_, statement, packet, wanted) => expect(passes(statement, packet)).toBe(wanted));
});
