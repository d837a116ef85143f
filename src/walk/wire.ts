import type { DeepLink, DeepNeighbour } from "../model/depth.ts";
import type { Decider } from "./hop.ts";
import { sayDown, sayIn, sayOut, type Crossing } from "./device.ts";
import { throughHook } from "./hooks.ts";
import { received } from "./layer3.ts";
import { isTunnel, wrapped } from "./tunnel.ts";
import { containerWith, ended, hasAddress, hostWith, linkOf, say, sayNotes, spaceOf } from "./world.ts";
import type { Step, Trail } from "./world.ts";

/** Hands a packet to a device, and says who gets it. */
export const transmitted = (trail: Trail, crossing: Crossing & { readonly by: Decider }): Step => {
  const { place, link, nextHop } = crossing;
  const inside = place.container === undefined ? containerWith(trail.world, place.host, nextHop) : undefined;
  const port = linkOf(spaceOf(trail, place), inside?.peer);
  // By a bridge, or by a cable that ends in the container.
  const isHere = inside !== undefined && port !== undefined && (port.master === link.name || port.name === link.name);
  // A bridge has no carrier where no port has one: the port says more.
  if ((isHere && sayDown(trail, { ...crossing, link: port })) || sayDown(trail, crossing)) return ended;
  if (!isTunnel(link)) {
    if (place.container !== undefined) return fromContainer(trail, crossing);
    return isHere ? toPort(trail, crossing, { ...inside, port }) : toHost(trail, crossing);
  }
  sayOut(trail, crossing);
  return wrapped(trail, crossing);
};

type Inside = { readonly id: string; readonly link: DeepLink; readonly port: DeepLink };

/** From the host's own bridge, or by a cable, to a container. */
const toPort = (trail: Trail, crossing: Crossing, { id, link, port }: Inside): Step => {
  const { place, packet, nextHop } = crossing;
  sayOut(trail, crossing);
  if (port.name === crossing.link.name)
    return { kind: "enter", place: { ...place, container: id }, packet, link, nextHop };
  const bridged = { space: spaceOf(trail, place), packet, incoming: undefined, outgoing: port.name } as const;
  for (const hook of ["OUTPUT", "POSTROUTING"] as const)
    sayNotes(trail, place, throughHook({ ...bridged, hook, family: "bridge" }).notes);
  sayOut(trail, { ...crossing, link: port });
  return { kind: "enter", place: { ...place, container: id }, packet, link, nextHop };
};

const fromContainer = (trail: Trail, crossing: Crossing): Step => {
  const { place, packet, link, nextHop } = crossing;
  const own = { host: place.host, container: undefined };
  sayOut(trail, crossing);
  const depth = trail.world.get(place.host)?.depth.containers.get(place.container ?? "");
  const other = linkOf(spaceOf(trail, own), depth?.peers.get(link.name));
  if (other !== undefined) return { kind: "enter", place: own, packet, link: other, nextHop };
  const neighbour = depth?.neighbours?.get(link.name);
  if (neighbour !== undefined) {
    const there = { host: place.host, container: neighbour.container };
    const end = linkOf(spaceOf(trail, there), neighbour.device);
    if (end !== undefined) return { kind: "enter", place: there, packet, link: end, nextHop };
  }
  return unclear(trail, crossing, `${link.name} is no veth of Docker's: what is behind it is not known`);
};

/** Over the network between the hosts, to the one that has the next hop's address, or behind a router the packet's own. */
const toHost = (trail: Trail, crossing: Crossing & { readonly by: Decider }): Step => {
  const { place, packet, link, nextHop, by } = crossing;
  const near = hostWith(trail.world, nextHop);
  const far = near ?? hostWith(trail.world, packet.destination);
  if (far === undefined || far.host === place.host) {
    // Whether it gets out at all depends on a stranger's answer to ARP: where it could be seen is not told.
    const why = `it leaves by ${link.name} toward ${nextHop}, an address that nothing here has`;
    // A router may know where a host's public address is, but not a container's: those are known to the hosts alone.
    const isContainers = [...trail.world.keys()].some((host) => containerWith(trail.world, host, packet.destination));
    say(trail, place, { point: "route", decides: by, verdict: isContainers ? "drops" : "unknown", why });
    return ended;
  }
  sayUnanswered(trail, crossing);
  sayOut(trail, crossing);
  sayMisdirected(trail, crossing, near?.link.mac);
  say(trail, place, {
    point: "network",
    decides: { kind: "network", text: `the network between ${place.host} and ${far.host}` },
    verdict: "passes",
    why: near === undefined ? `behind the router ${nextHop}, which cannot be looked at` : "cannot be looked at",
  });
  return { kind: "enter", place: { host: far.host, container: undefined }, packet, link: far.link, nextHop };
};

const neighbourOf = (trail: Trail, { place, link, nextHop }: Crossing): DeepNeighbour | undefined =>
  spaceOf(trail, place).neighbours.find((n) => n.device === link.name && n.address === nextHop);

/** A next hop that does not answer ARP gets no packet. */
const sayUnanswered = (trail: Trail, crossing: Crossing): void => {
  const { place, link, nextHop } = crossing;
  const state = neighbourOf(trail, crossing)?.state;
  if (state !== "FAILED" && state !== "INCOMPLETE") return;
  say(trail, place, {
    point: "neighbour",
    decides: { kind: "neighbour", device: link.name, text: `${nextHop} ${state}` },
    verdict: "unknown",
    why: `${nextHop} did not say its Ethernet address when it was last asked (ARP)`,
  });
};

/** An entry that somebody has set sends packets to another Ethernet address. `right`: what the next hop has. */
const sayMisdirected = (trail: Trail, crossing: Crossing, right: string | undefined): void => {
  const { place, link, nextHop } = crossing;
  const { mac, state } = neighbourOf(trail, crossing) ?? {};
  if (mac === undefined || right === undefined || mac === right || state !== "PERMANENT") return;
  say(trail, place, {
    point: "neighbour",
    decides: { kind: "neighbour", device: link.name, text: `${nextHop} ${mac} ${state}` },
    verdict: "drops",
    why: `${nextHop} has the Ethernet address ${right}, not the one that is set here`,
  });
};

/** It goes where nobody has looked. */
const unclear = (trail: Trail, { place, link }: Crossing, why: string): Step => {
  say(trail, place, { point: link.name, decides: { kind: "device", name: link.name }, verdict: "unknown", why });
  return ended;
};

const lost = (trail: Trail, { place, link }: Crossing, why: string): Step => {
  say(trail, place, { point: link.name, decides: { kind: "device", name: link.name }, verdict: "drops", why });
  return ended;
};

/** A packet that comes in by a device: up to IP, or over a bridge to another port. */
export const entered = (trail: Trail, crossing: Crossing): Step => {
  const { place, packet, link, nextHop } = crossing;
  if (sayDown(trail, crossing)) return ended;
  sayIn(trail, crossing);
  const space = spaceOf(trail, place);
  const bridge = linkOf(space, link.master);
  if (bridge?.type !== "bridge") return received(trail, { place, packet, incoming: link.name });
  const isOurs = space.links.some((own) => hasAddress(own, nextHop));
  const family = { space, packet, incoming: link.name, outgoing: undefined, family: "bridge" } as const;
  const first = throughHook({ ...family, hook: "PREROUTING" });
  sayNotes(trail, place, first.notes);
  if (!isOurs) return bridged(trail, crossing, bridge);
  sayNotes(trail, place, throughHook({ ...family, hook: "INPUT" }).notes);
  if (sayDown(trail, { ...crossing, link: bridge })) return ended;
  sayIn(trail, { ...crossing, link: bridge });
  return received(trail, { place, packet, incoming: bridge.name });
};

/** Between two ports of a bridge; iptables sees it where br_netfilter is told to show it (ip-sysctl, bridge-nf-call-iptables). */
const bridged = (trail: Trail, crossing: Crossing, bridge: DeepLink): Step => {
  const { place, packet, link, nextHop } = crossing;
  const inside = containerWith(trail.world, place.host, nextHop);
  const port = linkOf(spaceOf(trail, place), inside?.peer);
  if (inside !== undefined && port !== undefined && port.master !== bridge.name)
    return lost(
      trail,
      { ...crossing, link: port },
      `${port.name}, behind which ${nextHop} is, is no port of ${bridge.name}`,
    );
  if (inside === undefined || port === undefined)
    return unclear(
      trail,
      { ...crossing, link: bridge },
      `no container that was looked at has the address ${nextHop} on ${bridge.name}`,
    );
  if (link.isolated && port.isolated)
    return lost(
      trail,
      { ...crossing, link: port },
      `${link.name} and ${port.name} are isolated ports of ${bridge.name}`,
    );
  sayAcross(trail, crossing, { bridge, port });
  if (sayDown(trail, { ...crossing, link: port })) return ended;
  sayOut(trail, { ...crossing, link: port });
  return { kind: "enter", place: { ...place, container: inside.id }, packet, link: inside.link, nextHop };
};

/** What is hooked in between two ports of a bridge, and iptables where it is told of them. */
const sayAcross = (
  trail: Trail,
  { place, packet, link }: Crossing,
  { bridge, port }: { readonly bridge: DeepLink; readonly port: DeepLink },
): void => {
  const space = spaceOf(trail, place);
  const across = { space, incoming: link.name, outgoing: port.name, family: "bridge" } as const;
  for (const hook of ["FORWARD", "POSTROUTING"] as const)
    sayNotes(trail, place, throughHook({ ...across, hook, packet }).notes);
  const isCalled = space.conf.get("bridge-nf-call-iptables") === "1" || bridge.bridgeCallsIptables;
  for (const hook of isCalled ? (["PREROUTING", "FORWARD", "POSTROUTING"] as const) : []) {
    const outgoing = hook === "PREROUTING" ? undefined : bridge.name;
    const incoming = hook === "POSTROUTING" ? undefined : bridge.name;
    sayNotes(trail, place, throughHook({ space, hook, packet, incoming, outgoing }).notes);
  }
};
