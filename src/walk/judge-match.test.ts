import { describe, expect, it } from "vitest";
import { meetsAll } from "./judge-match.ts";
import { answerTo, request, type Packet } from "./packet.ts";
import { parseRule } from "./rule.ts";

const ping = request({ source: "172.30.1.2", destination: "172.30.2.2", size: 84 });
const syn = { ...request({ source: "172.30.1.2", destination: "172.30.2.2", port: 80 }), sourcePort: 40000 };

const judged = (text: string, packet: Packet) =>
  meetsAll(parseRule(text).matches, {
    packet,
    incoming: "eth0",
    outgoing: "xh-demo-app",
    typeOf: (address) => (address === "172.30.2.2" ? "UNICAST" : "LOCAL"),
  });

// the left side as iptables-save prints it
describe("matches of iptables", () => {
  it.each([
    ["-j DROP", ping, true],
    ["-s 172.30.1.0/24 -d 172.30.2.2/32 -j DROP", ping, true],
    ["! -s 172.30.1.0/24 -j DROP", ping, false],
    ["-s 10.0.0.0/8 -j DROP", ping, false],
    ["-i eth0 -o xh-demo-app -j DROP", ping, true],
    ["! -i eth0 -o xh-demo-app -j DROP", ping, false],
    ["-i eth+ ! -o xh-+ -j DROP", ping, false],
    ["-i et+ -j DROP", ping, true],
    ["-p icmp -m icmp --icmp-type 8 -j DROP", ping, true],
    ["-p icmp -m icmp --icmp-type 0 -j DROP", ping, false],
    ["-p icmp -m icmp --icmp-type 0 -j DROP", answerTo(ping), true],
    ["-p tcp -m tcp --dport 80 -j DROP", ping, false],
    ["-p tcp -m tcp --dport 80 -j DROP", syn, true],
    ["-p tcp -m tcp ! --dport 80 -j DROP", syn, false],
    ["-p tcp -m tcp --sport 1024:65535 --dport :79 -j DROP", syn, false],
    ["-p tcp -m multiport --dports 22,79:81 -j DROP", syn, true],
    ["-p tcp -m tcp --tcp-flags SYN,RST SYN -j DROP", syn, true],
    ["-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP", answerTo(syn), false],
    ["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", ping, false],
    ["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", answerTo(ping), true],
    ["-m conntrack --ctstate UNTRACKED -j ACCEPT", { ...ping, isTracked: false }, true],
    ["-m state --state NEW -j ACCEPT", ping, true],
    ["-m addrtype --dst-type LOCAL -j DOCKER", ping, false],
    ["-m addrtype --src-type LOCAL ! --dst-type LOCAL -j DOCKER", ping, true],
    ["-m mark --mark 0x1/0xff -j ACCEPT", { ...ping, mark: 0x201 }, true],
    ["-m mark ! --mark 0x1/0xff -j ACCEPT", { ...ping, mark: 0x201 }, false],
    ["-m iprange --src-range 172.30.1.1-172.30.1.9 -j DROP", ping, true],
    ["-m length --length 0:84 -j DROP", ping, true],
    ["-m length ! --length 85:65535 -j DROP", ping, true],
    [`-m comment --comment "not -s 1.2.3.4 \\"quoted\\"" -j DROP`, ping, true],
    ["-p 4 -j DROP", ping, false],
    // nobody can tell these, unless something else settles it
    ["-m set --match-set bad src -j DROP", ping, undefined],
    ["-m limit --limit 5/sec -j DROP", ping, undefined],
    ["-m owner --uid-owner 0 -j DROP", ping, undefined],
    ["-m connmark --mark 0x1 -j DROP", ping, undefined],
    ["-p udp -m u32 --u32 0x0=0x0 -j DROP", ping, false],
    ["-p tcp -m tcp --sport 5 -j DROP", { ...syn, sourcePort: undefined }, undefined],
  ] as const)("%s", (text, packet, wanted) => expect(judged(text, packet)).toBe(wanted));
});

describe("targets", () => {
  it.each([
    ["-s 10.0.0.0/8 -j SNAT --to-source 1.2.3.4", "SNAT", false, { "--to-source": ["1.2.3.4"] }],
    ["-g OTHER", "OTHER", true, {}],
    ["-p icmp", undefined, false, {}],
    ["-j MARK --set-xmark 0x1/0xffffffff", "MARK", false, { "--set-xmark": ["0x1/0xffffffff"] }],
  ])("%s", (text, target, isGoto, options) => {
    const rule = parseRule(text);
    expect([rule.target, rule.isGoto, Object.fromEntries(rule.options)]).toEqual([target, isGoto, options]);
  });
});
