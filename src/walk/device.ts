import type { DeepLink } from "../model/depth.ts";
import { throughHook } from "./hooks.ts";
import type { Packet } from "./packet.ts";
import { isTunnel } from "./tunnel.ts";
import { say, sayNotes, spaceOf, type Place, type Trail } from "./world.ts";

/** A packet at a device. */
export type Crossing = {
  readonly place: Place;
  readonly packet: Packet;
  readonly link: DeepLink;
  /** Address that the sender looked for on the wire. */
  readonly nextHop: string;
};

/** A packet comes in by a device: seen first, then asked for by what is hooked in there. */
export const sayIn = (trail: Trail, crossing: Crossing): void => {
  sayTap(trail, crossing, "in");
  sayHooked(trail, crossing, "INGRESS");
};

/** A packet goes out by a device: what is hooked in there and its queue come before it is seen. */
export const sayOut = (trail: Trail, crossing: Crossing): void => {
  sayHooked(trail, crossing, "EGRESS");
  sayQueue(trail, crossing);
  sayTap(trail, crossing, "out");
};

const sayHooked = (trail: Trail, { place, packet, link }: Crossing, hook: "INGRESS" | "EGRESS"): void => {
  const [incoming, outgoing] = hook === "INGRESS" ? [link.name, undefined] : [undefined, link.name];
  const asking = { space: spaceOf(trail, place), hook, packet, incoming, outgoing, family: "netdev" } as const;
  sayNotes(trail, place, throughHook(asking).notes);
};

/** What a queue throws away is its own affair: that it may is all that is known. */
const sayQueue = (trail: Trail, { place, link }: Crossing): void => {
  const queues = place.container === undefined ? trail.world.get(place.host)?.depth.qdiscs : undefined;
  for (const { kind, dropped } of queues?.filter(({ device }) => device === link.name) ?? [])
    say(trail, place, {
      point: "qdisc",
      decides: { kind: "device", name: `${link.name} qdisc ${kind}` },
      verdict: "unknown",
      why: `its queue is of the kind ${kind} and has thrown away ${dropped} packets so far`,
    });
};

const sayTap = (trail: Trail, { place, link }: Crossing, way: "in" | "out"): void =>
  say(trail, place, {
    point: link.name,
    decides: { kind: "tap", device: link.name, way },
    verdict: "passes",
    why: way === "in" ? `comes in by ${link.name}` : `goes out by ${link.name}`,
  });

/** Says why a device passes nothing at all, if it does not. */
export const sayDown = (trail: Trail, { place, link }: Crossing): boolean => {
  const state = !link.up ? "is switched off" : !link.carrier && !isTunnel(link) ? "has no carrier" : undefined;
  const blocked =
    link.portState !== undefined && link.portState !== "forwarding"
      ? `is ${link.portState} as a port of its bridge`
      : undefined;
  const why = state ?? blocked;
  if (why === undefined) return false;
  say(trail, place, {
    point: link.name,
    decides: { kind: "device", name: link.name },
    verdict: "drops",
    why: `the device ${link.name} ${why}`,
  });
  return true;
};
