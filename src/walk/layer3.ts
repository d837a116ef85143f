import type { DeepLink, DeepRoute } from "../model/depth.ts";
import type { Decider } from "./hop.ts";
import { throughHook } from "./hooks.ts";
import { comeInto, translatedBack } from "./nat.ts";
import type { Packet } from "./packet.ts";
import { disbelief, lookup, routeDecider, type Answer } from "./route.ts";
import { ended, linkOf, say, sayNotes, spaceOf, type Place, type Step, type Trail } from "./world.ts";

/** A packet that a namespace makes: OUTPUT and POSTROUTING, and the route in between. */
export const sent = (
  trail: Trail,
  { place, packet: made }: { readonly place: Place; readonly packet: Packet },
): Step => {
  const space = spaceOf(trail, place);
  const packet = comeInto(made, trail.tracked, space);
  const answer = lookup(space, { ...packet, incoming: "lo" });
  if (answer.route?.type === "local") return { kind: "arrived", place, packet };
  const link = sayRoute(trail, { place, packet, answer });
  if (link === undefined) return ended;
  const out = throughHook({ space, hook: "OUTPUT", packet, incoming: undefined, outgoing: link.name });
  sayNotes(trail, place, out.notes);
  return leave(trail, { place, packet: out.packet, came: packet, answer, link, incoming: undefined });
};

/** A packet that comes in by a device: PREROUTING, the route, and INPUT or FORWARD and POSTROUTING. */
export const received = (
  trail: Trail,
  { place, packet: arriving, incoming }: { readonly place: Place; readonly packet: Packet; readonly incoming: string },
): Step => {
  const space = spaceOf(trail, place);
  const came = comeInto(arriving, trail.tracked, space);
  const translate = (packet: Packet): Packet => {
    const known = translatedBack(packet, trail.tracked, space);
    return { ...packet, destination: known.destination };
  };
  const before = throughHook({ space, hook: "PREROUTING", packet: came, incoming, outgoing: undefined, translate });
  sayNotes(trail, place, before.notes);
  const { packet } = before;
  const question = { ...packet, incoming };
  const answer = lookup(space, question);
  const odd = disbelief(space, question);
  if (odd !== undefined) say(trail, place, { point: "rp_filter", verdict: "drops", ...odd });
  if (answer.route?.type === "local") {
    const input = throughHook({ space, hook: "INPUT", packet, incoming, outgoing: undefined });
    sayNotes(trail, place, input.notes);
    note(trail, place, { came, left: input.packet });
    return { kind: "arrived", place, packet: input.packet };
  }
  if (space.conf.get(`${incoming}.forwarding`) === "0")
    say(trail, place, {
      point: "forwarding",
      decides: { kind: "sysctl", key: `net.ipv4.conf.${incoming}.forwarding`, value: "0" },
      verdict: "drops",
      why: `what comes in by ${incoming} is not forwarded`,
    });
  const link = sayRoute(trail, { place, packet, answer });
  if (link === undefined) return ended;
  sayTooBig(trail, place, {
    packet,
    mtu: Math.min(link.mtu, answer.route?.mtu ?? link.mtu),
    decides: mtuDecider(answer, link),
  });
  const forward = throughHook({ space, hook: "FORWARD", packet, incoming, outgoing: link.name });
  sayNotes(trail, place, forward.notes);
  return leave(trail, { place, packet: forward.packet, came, answer, link, incoming });
};

type Routed = { readonly place: Place; readonly packet: Packet; readonly answer: Answer };

/** Says which route it takes; undefined where there is none that leads to a device. */
const sayRoute = (trail: Trail, { place, packet, answer }: Routed): DeepLink | undefined => {
  const { route, doubts } = answer;
  for (const doubt of doubts)
    say(trail, place, {
      point: "ip rule",
      decides: { kind: "ip rule", priority: doubt.priority, text: doubt.text },
      verdict: "unknown",
      why: "nobody can tell from outside whether it holds for the packet",
    });
  const link = linkOf(spaceOf(trail, place), route?.device);
  const isWay = route?.type === "unicast" && link !== undefined;
  say(trail, place, {
    point: "route",
    decides: routeDecider(answer, packet.destination),
    verdict: isWay ? "passes" : "drops",
    why: isWay ? wayText(packet, route, link) : deadEnd(packet, answer),
  });
  return isWay ? link : undefined;
};

const wayText = ({ destination }: Packet, { gateway }: DeepRoute, { name }: DeepLink): string =>
  `to ${destination} ${gateway === undefined ? "directly" : `by ${gateway}`} on ${name}`;

const deadEnd = ({ destination }: Packet, { route, policy }: Answer): string =>
  route !== undefined
    ? `the route to ${destination} is a dead end (${route.type})`
    : policy !== undefined
      ? `a policy rule forbids the way to ${destination} (${policy.action})`
      : `there is no route to ${destination}`;

const mtuDecider = ({ route }: Answer, link: DeepLink): Decider =>
  route?.mtu !== undefined && route.mtu < link.mtu
    ? routeDecider({ route, policy: undefined, doubts: [] }, "")
    : { kind: "device", name: `${link.name} mtu ${link.mtu}` };

type Fit = { readonly packet: Packet; readonly mtu: number; readonly decides: Decider };

/** Bytes that the kernel lets through beyond the MTU of a device: none for IP packets that are forwarded (ip_exceeds_mtu). */
const sayTooBig = (trail: Trail, place: Place, { packet, mtu, decides }: Fit): void => {
  if (packet.size <= mtu) return;
  say(trail, place, {
    point: "mtu",
    decides,
    verdict: packet.whole ? "drops" : "passes",
    why: packet.whole
      ? `${packet.size} bytes are more than ${mtu}, and it must not be fragmented: the sender is told so`
      : `${packet.size} bytes are more than ${mtu}: it goes in fragments`,
  });
};

type Leaving = Routed & {
  /** As it was when it came into the namespace. */
  readonly came: Packet;
  readonly link: DeepLink;
  readonly incoming: string | undefined;
};

const leave = (trail: Trail, { place, packet, came, answer, link, incoming }: Leaving): Step => {
  const space = spaceOf(trail, place);
  if (incoming === undefined) sayTooBig(trail, place, { packet, mtu: link.mtu, decides: mtuDecider(answer, link) });
  const translate = (reply: Packet): Packet => {
    const known = translatedBack({ ...reply, destination: came.destination }, trail.tracked, space);
    return { ...reply, source: known.source };
  };
  const after = throughHook({ space, hook: "POSTROUTING", packet, incoming, outgoing: link.name, translate });
  sayNotes(trail, place, after.notes);
  note(trail, place, { came, left: after.packet });
  const nextHop = answer.route?.gateway ?? packet.destination;
  const by = routeDecider(answer, packet.destination);
  return { kind: "transmit", place, packet: after.packet, link, nextHop, by };
};

/** Connection tracking remembers the first packet of a connection, as it came and as it left. */
const note = (trail: Trail, place: Place, { came, left }: { came: Packet; left: Packet }): void => {
  if (came.isReply || !left.isTracked) return;
  trail.tracked.push({ space: spaceOf(trail, place), came, left });
};
