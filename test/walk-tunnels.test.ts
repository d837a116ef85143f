// Walks through tunnels other than vxlan, made of what real hosts said of theirs.
import { describe, expect, it } from "vitest";
import type { Facts } from "../src/model/facts.ts";
import type { World } from "../src/walk/world.ts";
import { HOSTS, dropped, endOf, walked, world } from "./walk-scene.ts";

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

  describe.each([false, true])("tunl0, which comes with the module, before the tunnel's own device; up: %s", (up) => {
    const withTunl0 = (isOwnUp: boolean) =>
      new Map(
        [...by("ipip")].map(([name, seen]) => {
          const links = seen.depth.own.links.flatMap((link) =>
            link.name === "tunnel"
              ? [
                  { ...link, name: "tunl0", up, tunnel: { ...link.tunnel!, local: undefined } },
                  { ...link, up: name === "h2" ? isOwnUp : link.up },
                ]
              : [link],
          );
          return [name, { ...seen, depth: { ...seen.depth, own: { ...seen.depth.own, links } } }];
        }),
      );

    it("the tunnel's own device takes the packets", () => {
      const { there } = walked(withTunl0(true));
      expect(there.hops.filter(({ host, decides }) => host === "h2" && decides.kind === "tap").at(1)?.point).toBe(
        "tunnel",
      );
      expect(dropped(withTunl0(true))).toBeUndefined();
    });

    it("where that is off, it is blamed, or tunl0 takes them", () => {
      const { there } = walked(withTunl0(false));
      const at = there.hops.find(({ host, isOuter }) => host === "h2" && !isOuter);
      expect([at?.point, at?.verdict]).toEqual(up ? ["tunl0", "passes"] : ["tunnel", "drops"]);
    });
  });

  it("a peer of wireguard without the networks behind it, at either end", () => {
    const nowhere = (host: string) => (host === "h2" ? "10.9.9.0/24" : blockOf(host));
    expect(dropped(by("wireguard", devices(nowhere)))).toBe("h1 peer: peer on tunnel: none");
    const stranger = (host: string) => (host === "h1" ? "10.9.9.0/24" : blockOf(host));
    expect(dropped(by("wireguard", devices(stranger)))).toBe("h2 peer: peer on tunnel: key of h1 10.9.9.0/24");
  });
});
