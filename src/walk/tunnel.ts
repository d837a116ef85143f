import type { DeepLink } from "../model/depth.ts";
import type { Facts } from "../model/facts.ts";
import type { Packet } from "./packet.ts";
import { masqueradeAddress } from "./hooks.ts";
import { lookup } from "./route.ts";
import { endpoint, sayStranger, wireguardOf, type Carrier, type Wrapping } from "./wireguard.ts";
import { ended, say, spaceOf, type Place, type Step, type Trail } from "./world.ts";

const KINDS = ["vxlan", "ipip", "wireguard", "tun", "gre", "geneve"];

/** Whether what a device sends goes on inside of other packets. */
export const isTunnel = ({ type }: DeepLink): boolean => KINDS.includes(type ?? "");

/** Packs a packet into one that goes to the other end of the tunnel. */
export const wrapped = (trail: Trail, wrapping: Wrapping): Step => {
  const { place, packet, link } = wrapping;
  const carrier = carrierOf(trail, wrapping);
  if (carrier === undefined) return ended;
  const { remote, protocol, port } = carrier;
  const question = { source: "0.0.0.0", destination: remote, mark: 0, incoming: "lo" };
  const space = spaceOf(trail, place);
  const route = lookup(space, question).route;
  const source = carrier.local ?? route?.source ?? masqueradeAddress(space, route?.device, remote) ?? "0.0.0.0";
  trail.inside.push({ packet, place, link });
  const outer: Packet = {
    source,
    destination: remote,
    protocol,
    sourcePort: link.type === "vxlan" ? undefined : port,
    port,
    icmpType: undefined,
    flags: [],
    size: packet.size + carrier.overhead,
    // ip-tunnel(8): pmtudisc is on where nobody says otherwise; vxlan(8) `df` is off, and so it is for WireGuard (send.c).
    whole: protocol === 4 && packet.whole,
    // Both ends send to the same port, and connection tracking takes the one's packets for answers to the other's at best.
    isReply: false,
    mark: 0,
    isTracked: true,
    nat: [],
  };
  return { kind: "send", place, packet: outer };
};

const carrierOf = (trail: Trail, wrapping: Wrapping): Carrier | undefined => {
  const { link, nextHop, place } = wrapping;
  const { local, remote, port } = link.tunnel ?? {};
  if (link.type === "vxlan") {
    const to = vtep(trail, wrapping);
    return to === undefined ? undefined : { remote: to, local, protocol: 17, port, overhead: 50 };
  }
  if (link.type === "ipip") return { remote: remote ?? nextHop, local, protocol: 4, port: undefined, overhead: 20 };
  const device = wireguardOf(trail, place, link.name);
  if (device !== undefined) return endpoint(trail, wrapping, device);
  say(trail, place, {
    point: link.name,
    decides: { kind: "device", name: link.name },
    verdict: "unknown",
    why: `what becomes of packets in a device of type ${link.type ?? "?"} is not known`,
  });
  return undefined;
};

/** The neighbour gives the Ethernet address, the forwarding entry the host behind it. */
const vtep = (trail: Trail, { place, link, nextHop }: Wrapping): string | undefined => {
  const space = spaceOf(trail, place);
  const neighbour = space.neighbours.find((n) => n.device === link.name && n.address === nextHop);
  const near = {
    point: "neighbour",
    decides: { kind: "neighbour", device: link.name, text: `${nextHop} ${neighbour?.mac ?? "none"}` },
  } as const;
  if (neighbour?.mac === undefined) {
    say(trail, place, {
      ...near,
      verdict: "drops",
      why: `nobody knows the Ethernet address of ${nextHop} on ${link.name}, where none can be asked for`,
    });
    return undefined;
  }
  const entry = space.fdb.find((f) => f.device === link.name && f.mac === neighbour.mac && f.destination !== undefined);
  const to = entry?.destination ?? link.tunnel?.remote;
  say(trail, place, {
    point: "fdb",
    decides: { kind: "fdb", device: link.name, text: `${neighbour.mac} dst ${to ?? "none"}` },
    verdict: to === undefined ? "drops" : "passes",
    why:
      to === undefined
        ? `no host is known behind ${neighbour.mac} (${nextHop}) on ${link.name}`
        : `${neighbour.mac} is behind ${to}`,
  });
  return to;
};

type Opening = { readonly place: Place; readonly packet: Packet };

/** Unpacks what has arrived at a tunnel's end; the packet comes in by the device there. */
export const unwrapped = (trail: Trail, { place, packet: outer }: Opening): Step => {
  const last = trail.inside.pop();
  if (last === undefined || place.container !== undefined) return ended;
  const facts = trail.world.get(place.host)?.facts;
  const space = spaceOf(trail, place);
  const link = nearest(space.links.filter((each) => hears(each, last.link, { outer, facts })));
  if (link === undefined) {
    say(trail, place, {
      point: "tunnel",
      decides: { kind: "device", name: last.link.name },
      verdict: "drops",
      why: `no device of ${place.host} takes the packets of ${last.link.name} of ${last.place.host} out of the tunnel`,
    });
    return ended;
  }
  sayStranger(trail, { place, link, packet: last.packet, from: last });
  return { kind: "enter", place, packet: last.packet, link, nextHop: last.packet.destination };
};

/**
 * The one of several that gets the packets: a device that is switched on, and of those the one with most ends of its own; `tunl0`, which comes
 * with the module ipip and has none, gets what no other takes (ip_tunnel_lookup in net/ipv4/ip_tunnel.c).
 */
const nearest = (links: readonly DeepLink[]): DeepLink | undefined => {
  const rank = ({ up, tunnel }: DeepLink): number =>
    (up ? 4 : 0) + (tunnel?.remote === undefined ? 0 : 2) + (tunnel?.local === undefined ? 0 : 1);
  return [...links].sort((a, b) => rank(b) - rank(a))[0];
};

/** Whether a device takes packets of that kind, that are sent to the address and port. */
const hears = (
  link: DeepLink,
  theirs: DeepLink,
  { outer, facts }: { outer: Packet; facts: Pick<Facts, "wireguard"> | undefined },
): boolean => {
  const { tunnel, type, name } = link;
  if (theirs.type === "vxlan")
    return type === "vxlan" && tunnel?.vni === theirs.tunnel?.vni && tunnel?.port === outer.port;
  if (theirs.type === "ipip")
    return (
      type === "ipip" &&
      (tunnel?.local === undefined || tunnel.local === outer.destination) &&
      (tunnel?.remote === undefined || tunnel.remote === outer.source)
    );
  return facts?.wireguard.some((device) => device.name === name && device.port === outer.port) === true;
};
