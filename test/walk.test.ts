// Walks over what real hosts said of themselves, and over small changes of it.
import { describe, expect, it } from "vitest";
import type { Space } from "../src/model/depth.ts";
import { parseNft } from "../src/observe/depth-nft.ts";
import { blockingRules } from "../src/walk/blocking.ts";
import { deciderText } from "../src/walk/hop.ts";
import { request } from "../src/walk/packet.ts";
import { removal } from "../src/walk/removal.ts";
import { firstDrop, walkBoth } from "../src/walk/walk.ts";
import { HOSTS, conf, dropped, edited, endOf, inserted, walked, whole, world } from "./walk-scene.ts";

describe("hosts as a deploy left them", () => {
  const pairs = HOSTS.flatMap((a) =>
    HOSTS.filter((b) => b !== a).map((b) => [a.replace("h", "c"), b.replace("h", "c")]),
  );

  it.each(pairs)("%s reaches %s and gets its answer", (from = "", to = "") => {
    const { there, back } = walked(world, from, to);
    expect([...there.hops, ...(back?.hops ?? [])].filter(({ verdict }) => verdict !== "passes")).toEqual([]);
    expect([there.arrived?.place, back?.arrived?.place]).toEqual([endOf(to).place, endOf(from).place]);
    expect(there.arrived?.packet.source).toBe(endOf(from).address);
  });

  it("names the devices in their order, those of the tunnel's packet apart", () => {
    const taps = walked(world)
      .there.hops.filter(({ decides }) => decides.kind === "tap")
      .map(({ host, point, isOuter }) => `${host} ${isOuter ? "outer " : ""}${point.replace(/veth.*/, "veth")}`);
    expect(taps).toEqual([
      "h1 eth0",
      "h1 veth",
      "h1 xh-capture-app",
      `h1 ${tunnel("h1")}`,
      "h1 outer eth0",
      "h2 outer eth0",
      `h2 ${tunnel("h2")}`,
      "h2 xh-capture-app",
      "h2 veth",
      "h2 eth0",
    ]);
  });

  const tunnel = (host: string): string =>
    world.get(host)?.depth.own.links.find(({ type }) => type === "vxlan")?.name ?? "";

  it("finds nothing that blocks", () => {
    expect(blockingRules(whole, world, { doubtful: true })).toEqual([]);
  });
});

describe("what drops a packet", () => {
  it.each([
    [
      "a rule",
      "h1",
      inserted("filter", "DOCKER-USER", "-s 172.30.0.0/16 -j DROP"),
      "h1 filter FORWARD: iptables -t filter DOCKER-USER rule 1: -s 172.30.0.0/16 -j DROP",
    ],
    [
      "a rule in a chain of somebody's",
      "h2",
      inserted("raw", "PREROUTING", "-p icmp -j REJECT"),
      "h2 raw PREROUTING: iptables -t raw PREROUTING rule 1: -p icmp -j REJECT",
    ],
    [
      "the tunnel's packets",
      "h2",
      inserted("filter", "INPUT", "-p udp -m multiport --dports 4000:5000 -j DROP"),
      "h2 filter INPUT: iptables -t filter INPUT rule 1: -p udp -m multiport --dports 4000:5000 -j DROP",
    ],
    [
      "the answer",
      "h1",
      inserted("filter", "FORWARD", "-o xh-capture-app -m conntrack --ctstate ESTABLISHED -j DROP"),
      "h1 filter FORWARD: iptables -t filter FORWARD rule 1: -o xh-capture-app -m conntrack --ctstate ESTABLISHED -j DROP",
    ],
    [
      "no forwarding",
      "h1",
      conf("xh-capture-app.forwarding", "0"),
      "h1 forwarding: net.ipv4.conf.xh-capture-app.forwarding = 0",
    ],
    [
      "the FORWARD policy, since our rules are gone",
      "h2",
      (space: Space) => without(space, "DOCKER-USER"),
      "h2 filter FORWARD: iptables -t filter DOCKER rule 2: ! -i xh-capture-app -o xh-capture-app -j DROP",
    ],
  ] as const)("%s", (_, host, own, wanted) => {
    expect(dropped(edited({ host, own }))).toBe(wanted);
  });

  const without = (space: Space, chain: string): Space => {
    const chains = new Map(space.iptables.get("filter"));
    chains.set(chain, { name: chain, policy: undefined, packets: 0, rules: [] });
    return { ...space, iptables: new Map([...space.iptables, ["filter", chains]]) };
  };

  it("a route that is missing, and the one that is left", () => {
    const own = (space: Space): Space => ({
      ...space,
      routes: space.routes.filter(({ protocol }) => protocol !== "88"),
    });
    const world = edited({ host: "h1", own });
    expect(dropped(world)).toBe("h1 route: route: default via 10.211.55.1 dev eth0");
    // A router may know better of an address that is no container's: a host's public one is on none of its devices.
    const from = endOf("c1");
    const packet = request({ source: from.address, destination: "203.0.113.7" });
    const last = walkBoth(world, { from: from.place, packet }).there.hops.at(-1)!;
    expect([last.verdict, deciderText(last.decides)]).toEqual(["unknown", "route: default via 10.211.55.1 dev eth0"]);
    const none = (space: Space): Space => ({
      ...own(space),
      routes: own(space).routes.filter((r) => r.destination !== "0.0.0.0/0"),
    });
    expect(dropped(edited({ host: "h1", own: none }))).toBe(`h1 route: route: none to ${endOf("c2").address}`);
  });

  it("an entry that the tunnel needs", () => {
    const noFdb = edited({ host: "h1", own: (space) => ({ ...space, fdb: [] }) });
    expect(dropped(noFdb)).toMatch(/^h1 fdb: fdb on \S+: 0e:88:0a:d3:37:0c dst none$/);
    const noNeighbour = edited({ host: "h1", own: (space) => ({ ...space, neighbours: [] }) });
    expect(dropped(noNeighbour)).toMatch(/^h1 neighbour: neighbour on \S+: 10.211.55.12 none$/);
  });

  it("a device that is switched off", () => {
    const own = (space: Space): Space => ({
      ...space,
      links: space.links.map((link) => (link.type === "vxlan" ? { ...link, up: false } : link)),
    });
    expect(dropped(edited({ host: "h2", own }))).toMatch(/^h2 \S+: device \S+$/);
  });

  it("a packet that is too big, and one that may be fragmented is not", () => {
    expect(dropped(world, "c1", "c2", { size: 1451 })).toBe("h1 mtu: device eth0 mtu 1450");
    expect(dropped(world, "c1", "c2", { size: 1451, whole: false })).toBeUndefined();
  });

  it("a strict filter of the way back", () => {
    const own = (space: Space): Space => {
      const vxlan = space.links.find(({ type }) => type === "vxlan")?.name ?? "";
      const odd = {
        ...space.routes.find(({ device }) => device === "docker0")!,
        destination: `${endOf("c1").address}/32`,
      };
      return conf(`${vxlan}.rp_filter`, "1")({ ...space, routes: [...space.routes, odd] });
    };
    expect(dropped(edited({ host: "h2", own }))).toMatch(/^h2 rp_filter: net\.ipv4\.conf\.\S+\.rp_filter = 1$/);
  });

  it("a table of nft that is none of iptables'", () => {
    const own = (space: Space): Space => ({ ...space, nft: parseNft(GUARD) });
    const there = walked(edited({ host: "h2", own })).there;
    const hop = firstDrop(there.hops)!;
    expect(deciderText(hop.decides)).toBe(
      "nft inet guard f handle 2: ip saddr 172.30.0.0/16 counter packets 0 bytes 0 drop",
    );
    expect(removal(hop)).toBe("nft delete rule inet guard f handle 2");
  });

  it("claims no drop behind a return of nft of which nobody can tell whether it is met", () => {
    const perhaps = `{"rule": {"family": "inet", "table": "guard", "chain": "f", "handle": 9, "expr": [{"match": {"op": "==", "left": {"ct": {"key": "helper"}}, "right": "ftp"}}, {"return": null}]}}, {"rule"`;
    const own = (space: Space): Space => ({ ...space, nft: parseNft(GUARD.replace('{"rule"', perhaps)) });
    const { hops } = walked(edited({ host: "h2", own })).there;
    expect(firstDrop(hops)).toBeUndefined();
    const hop = hops.find(({ decides }) => decides.kind === "nft" && decides.chain === "f");
    expect(hop?.verdict).toBe("unknown");
  });

  // `nft -j list table` and `nft -a list table`, nft 1.0.6
  const GUARD = `{"nftables": [{"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}}, {"table": {"family": "inet", "name": "guard", "handle": 3}}, {"chain": {"family": "inet", "table": "guard", "name": "f", "handle": 1, "type": "filter", "hook": "forward", "prio": -5, "policy": "accept"}}, {"rule": {"family": "inet", "table": "guard", "chain": "f", "handle": 2, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "172.30.0.0", "len": 16}}}}, {"counter": {"packets": 0, "bytes": 0}}, {"drop": null}]}}]}
table inet guard { # handle 3
	chain f { # handle 1
		type filter hook forward priority -5; policy accept;
		ip saddr 172.30.0.0/16 counter packets 0 bytes 0 drop # handle 2
	}
}
`;
});
