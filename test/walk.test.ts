// Walks over what three real hosts said of themselves, with Docker 20.10 (h1), 28.5 (h2) and 26.1 (h3), and over small changes of it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseInventory } from "../src/inventory/parse.ts";
import type { Depth, Space } from "../src/model/depth.ts";
import { fabric, type Fabric } from "../src/model/fabric.ts";
import type { Facts } from "../src/model/facts.ts";
import type { Rule } from "../src/model/depth-rules.ts";
import type { Sight } from "../src/model/sight.ts";
import { parseDepth } from "../src/observe/depth.ts";
import { parseNft } from "../src/observe/depth-nft.ts";
import { blockingRules, walkEnd } from "../src/walk/blocking.ts";
import { deciderText } from "../src/walk/hop.ts";
import { request, type Packet } from "../src/walk/packet.ts";
import { removal } from "../src/walk/removal.ts";
import { firstDrop, walkBoth } from "../src/walk/walk.ts";
import type { World } from "../src/walk/world.ts";
import { facts } from "./captured.ts";

const captures = join(import.meta.dirname, "captures");
const HOSTS = ["h1", "h2", "h3"];
let world: World;
let whole: Fabric;

beforeAll(async () => {
  const seen = HOSTS.map(async (host) => {
    const depth = parseDepth(await readFile(join(captures, "deep", `${host}.txt`), "utf8"));
    return [host, { facts: await facts("deep", host), depth }] as const;
  });
  world = new Map(await Promise.all(seen));
  const text = await readFile(join(captures, "inventory.yml"), "utf8");
  const inventory = parseInventory(text, { file: "inventory.yml", env: {} });
  const sights = inventory.hosts.map((host): [string, Sight] => [
    host.name,
    { host, hostname: host.ssh.host, facts: world.get(host.name)?.facts },
  ]);
  whole = fabric(inventory, new Map(sights));
});

type Edit = { readonly host: string; readonly own?: (space: Space) => Space; readonly depth?: (depth: Depth) => Depth };

const edited = ({ host, own = (space) => space, depth = (all) => all }: Edit): World =>
  new Map(
    [...world].map(([name, seen]) =>
      name === host ? [name, { ...seen, depth: depth({ ...seen.depth, own: own(seen.depth.own) }) }] : [name, seen],
    ),
  );

/** A rule at the head of a chain. */
const inserted =
  (table: string, chain: string, text: string) =>
  (space: Space): Space => {
    const chains = new Map(space.iptables.get(table));
    const old = chains.get(chain) ?? { name: chain, policy: "ACCEPT", packets: 0, rules: [] };
    const rules: Rule[] = [text, ...old.rules.map((rule) => rule.text)].map((each, i) => ({
      number: i + 1,
      text: each,
      packets: 0,
    }));
    chains.set(chain, { ...old, rules });
    return { ...space, iptables: new Map([...space.iptables, [table, chains]]) };
  };

const conf =
  (key: string, value: string) =>
  (space: Space): Space => ({ ...space, conf: new Map([...space.conf, [key, value]]) });

const endOf = (ref: string) => walkEnd(whole, world, ref)!;

const walked = (changed: World, from = "c1", to = "c2", packet: Partial<Packet> = {}) => {
  const [a, b] = [endOf(from), endOf(to)];
  return walkBoth(changed, {
    from: a.place,
    packet: { ...request({ source: a.address, destination: b.address }), ...packet },
  });
};

const dropped = (changed: World, from = "c1", to = "c2", packet: Partial<Packet> = {}): string | undefined => {
  const { there, back } = walked(changed, from, to, packet);
  const hop = firstDrop([...there.hops, ...(back?.hops ?? [])]);
  return hop && `${hop.host} ${hop.point}: ${deciderText(hop.decides)}`;
};

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

describe("other tunnels", () => {
  /** The vxlan devices made into something else, and the routes with them. */
  const by = (type: string, wireguard: (host: string) => Facts["wireguard"] = () => []): World =>
    new Map(
      [...world].map(([name, { facts: known, depth }]) => {
        const links = depth.own.links.map((link) =>
          link.type === "vxlan"
            ? { ...link, type, name: "tunnel", tunnel: { ...link.tunnel!, remote: undefined } }
            : link,
        );
        const routes = depth.own.routes.map((route) =>
          route.protocol === "88" ? { ...route, device: "tunnel" } : route,
        );
        // the rules are of the device by its other name
        const own = { ...depth.own, links, routes, iptables: new Map() };
        return [name, { facts: { ...known, wireguard: wireguard(name) }, depth: { ...depth, own } }];
      }),
    );
  const addressOf = (host: string): string => `10.211.55.1${host.slice(1)}`;
  const blockOf = (host: string): string => endOf(host.replace("h", "c")).address.replace(/\d+$/, "0/24");
  const devices = (allowed: (host: string) => string) => (self: string) => [
    {
      name: "tunnel",
      port: 51820,
      publicKey: `key of ${self}`,
      peers: HOSTS.filter((host) => host !== self).map((host) => ({
        publicKey: `key of ${host}`,
        endpoint: `${addressOf(host)}:51820`,
        allowed: [allowed(host)],
        keepalive: 0,
      })),
    },
  ];

  it.each([
    ["ipip", () => by("ipip")],
    ["wireguard", () => by("wireguard", devices(blockOf))],
    ["wireguard as a process", () => by("tun", devices(blockOf))],
  ] as const)("%s: there and back", (_, make) => {
    const { there, back } = walked(make());
    const troubles = [...there.hops, ...(back?.hops ?? [])].filter(({ verdict }) => verdict !== "passes");
    expect(troubles).toEqual([]);
    expect([there.arrived?.place, back?.arrived?.place]).toEqual([endOf("c2").place, endOf("c1").place]);
    expect(there.hops.filter(({ isOuter }) => isOuter).length).toBeGreaterThan(3);
  });

  it("a full packet in IPIP that the underlay has no room for", () => {
    const narrow = new Map(
      [...by("ipip")].map(([name, seen]) => {
        const links = seen.depth.own.links.map((link) => (link.name === "eth0" ? { ...link, mtu: 1400 } : link));
        return [name, { ...seen, depth: { ...seen.depth, own: { ...seen.depth.own, links } } }];
      }),
    );
    expect(dropped(narrow, "c1", "c2", { size: 1380 })).toBeUndefined();
    expect(dropped(narrow, "c1", "c2", { size: 1381 })).toBe("h1 mtu: device eth0 mtu 1400");
  });

  it("a peer of wireguard without the networks behind it, at either end", () => {
    const nowhere = (host: string) => (host === "h2" ? "10.9.9.0/24" : blockOf(host));
    expect(dropped(by("wireguard", devices(nowhere)))).toBe("h1 peer: peer on tunnel: none");
    const stranger = (host: string) => (host === "h1" ? "10.9.9.0/24" : blockOf(host));
    expect(dropped(by("wireguard", devices(stranger)))).toBe("h2 peer: peer on tunnel: key of h1 10.9.9.0/24");
  });
});

describe("what cannot be judged", () => {
  it("a drop behind it is not told for sure, and never left out", () => {
    const changed = edited({ host: "h2", own: inserted("filter", "FORWARD", "-m set --match-set bad src -j DROP") });
    const { there } = walked(changed);
    expect(firstDrop(there.hops)).toBeUndefined();
    expect(there.hops.filter(({ verdict }) => verdict === "unknown").map(({ why }) => why)).toEqual([
      "nobody can tell from outside whether --match-set bad src holds",
    ]);
    expect(blockingRules(whole, changed)).toEqual([]);
    expect(blockingRules(whole, changed, { doubtful: true }).map(({ remedy }) => remedy)).toEqual([
      "iptables -t filter -I FORWARD 1 -s 172.30.194.0/24 -d 172.30.189.0/24 -j ACCEPT",
    ]);
  });

  it("an accept before a drop leaves a doubt", () => {
    const drop = inserted("raw", "PREROUTING", "-j DROP");
    const accept = inserted("raw", "PREROUTING", "-m set --match-set good src -j ACCEPT");
    const { there } = walked(edited({ host: "h2", own: (space) => accept(drop(space)) }));
    const hop = there.hops.find(({ why }) => why.startsWith("drops it"));
    expect(hop?.verdict).toBe("unknown");
    expect(hop?.why).toBe("drops it; rule 1 of PREROUTING may accept it");
  });
});

describe("addresses that are changed", () => {
  it("claims no drop behind a RETURN of which nobody can tell whether it is met", () => {
    const drop = inserted("filter", "DOCKER-USER", "-j DROP");
    const allowed = inserted("filter", "DOCKER-USER", "-m set --match-set allowed src -j RETURN");
    expect(dropped(edited({ host: "h2", own: drop }))).toMatch(/^h2 filter FORWARD/);
    expect(dropped(edited({ host: "h2", own: (space) => allowed(drop(space)) }))).toBeUndefined();
  });

  it("a masquerade is noted, and the answer finds its way back", () => {
    const own = inserted("nat", "POSTROUTING", "-s 172.30.0.0/16 -j MASQUERADE");
    const { there } = walked(edited({ host: "h1", own }));
    const hop = there.hops.find(({ becomes }) => becomes !== undefined);
    expect(hop?.host).toBe("h1");
    expect(hop?.becomes?.source).not.toBe(endOf("c1").address);
    expect(there.arrived?.packet.source).toBe(hop?.becomes?.source);
  });

  it("what is kept out of connection tracking meets no rule of nat", () => {
    const nat = inserted("nat", "POSTROUTING", "-j MASQUERADE");
    const notrack = inserted("raw", "PREROUTING", "-s 172.30.0.0/16 -j CT --notrack");
    const { there } = walked(edited({ host: "h1", own: (space) => notrack(nat(space)) }));
    expect(there.arrived?.packet.source).toBe(endOf("c1").address);
  });
});
