import { expect, test } from "vitest";
import { judge } from "../../src/scenario/check-judge.ts";
import type { CheckProbe } from "../../src/scenario/check-script.ts";

const ping = (ttl?: number): CheckProbe => ({
  kind: "ping",
  ping: { from: "ns1", to: "10.1.2.2", ttl, size: undefined },
});
const answered = `PING 10.1.2.2 (10.1.2.2) 56(84) bytes of data.
64 bytes from 10.1.2.2: icmp_seq=2 ttl=63 time=0.05 ms

--- 10.1.2.2 ping statistics ---
3 packets transmitted, 1 received, 66.6% packet loss, time 401ms`;
const run = (matches?: string, lacks?: string): CheckProbe => ({ kind: "run", in: "host", run: "", matches, lacks });
const tcp = (seenFrom?: string): CheckProbe => ({
  kind: "tcp",
  tcp: { from: "a", to: "10.0.0.1", port: 80, listener: { node: "b", port: 80 }, seenFrom },
});
const peer: CheckProbe = { kind: "peer", of: { node: "a", interface: "p" }, is: { node: "b", interface: "q" } };
const fdb: CheckProbe = { kind: "fdb", bridge: "br1", has: [{ node: "ns1", interface: "veth0" }] };

test.each([
  ["an answer", ping(), answered, true, "64 bytes from 10.1.2.2: icmp_seq=2 ttl=63"],
  [
    "an answer that came another way",
    ping(64),
    answered,
    false,
    "64 bytes from 10.1.2.2: icmp_seq=2 ttl=63, which should be 64",
  ],
  ["none", ping(), "3 packets transmitted, 0 received, 100% packet loss, time 2004ms", false, "no answer"],
  ["no way", ping(), "ping: connect: Network is unreachable", false, "ping: connect: Network is unreachable"],
  [
    "too big",
    ping(),
    "ping: local error: message too long, mtu=1480\n",
    false,
    "ping: local error: message too long, mtu=1480",
  ],
  ["a line that matches", run("^net1\\b"), "net2\nnet1 (id: 0)\n", true, "net1 (id: 0)"],
  ["none that matches", run("^net1\\b"), "net11\n", false, "net11 (should match ^net1\\b)"],
  ["nothing at all", run("."), "", false, "nothing (should match .)"],
  ["what should not be there", run(undefined, "p11"), "3: p11@p22\n", false, "3: p11@p22 (should lack p11)"],
  ["what is not there", run(undefined, "p11"), "1: lo\n", true, "nothing of it"],
  ["a connection", tcp("192.0.2.1"), "seen as 192.0.2.1\n", true, "connected; the listener sees 192.0.2.1"],
  [
    "one from somebody else",
    tcp("192.0.2.1"),
    "seen as 172.20.0.2\n",
    false,
    "connected; the listener sees 172.20.0.2, which should be 192.0.2.1",
  ],
  ["none", tcp(), "no connection: timeout\n", false, "no connection: timeout"],
  ["two ends", peer, "3 4\n4 3\n", true, "device 3 has its other end at 4; device 4 at 3"],
  ["two strangers", peer, "3 4\n5 6\n", false, "device 3 has its other end at 4; device 5 at 6"],
  ["no device", peer, "\n\n", false, "device  has its other end at ; device  at "],
  [
    "a learned address",
    fdb,
    "want ns1:veth0 02:00:00:00:00:01 p0\nhas 02:00:00:00:00:01 p0\n",
    true,
    "02:00:00:00:00:01 (ns1:veth0) behind port p0",
  ],
  [
    "one behind another port",
    fdb,
    "want ns1:veth0 02:00:00:00:00:01 p0\nhas 02:00:00:00:00:01 p1\n",
    false,
    "not learned: ns1:veth0",
  ],
])("%s", (_what, check, output, holds, seen) => {
  expect(judge(check, output)).toEqual({ holds, seen });
});
