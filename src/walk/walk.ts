import type { Hop } from "./hop.ts";
import { sent } from "./layer3.ts";
import type { Tracked } from "./nat.ts";
import { answerTo, type Packet } from "./packet.ts";
import { unwrapped } from "./tunnel.ts";
import { entered, transmitted } from "./wire.ts";
import { ended, type Place, type Step, type Trail, type World } from "./world.ts";

/** What became of a packet. */
export type Walked = {
  /** In order; behind a drop it goes on as if there were none, as far as it can be told: whoever asks for the first one takes that. */
  readonly hops: readonly Hop[];
  /** Where it arrived, and with which addresses; undefined where the way ends before. */
  readonly arrived: { readonly place: Place; readonly packet: Packet } | undefined;
  /** What connection tracking knows now, for the answer. */
  readonly tracked: readonly Tracked[];
};

/** Steps; a packet that goes in circles ends where its time to live does. */
const LONGEST = 64;

/**
 * Walks a packet through what was read of the hosts, from the network namespace that makes it to the one that it is for; pure. An answer
 * needs what the first packet left behind (`tracked`).
 */
export const walk = (
  world: World,
  {
    from,
    packet,
    tracked = [],
  }: { readonly from: Place; readonly packet: Packet; readonly tracked?: readonly Tracked[] },
): Walked => {
  const trail: Trail = { world, hops: [], tracked: [...tracked], inside: [] };
  let step: Step = { kind: "send", place: from, packet };
  for (let i = 0; i < LONGEST; i++) {
    if (step.kind === "ended") break;
    if (step.kind === "arrived" && trail.inside.length === 0)
      return { hops: trail.hops, arrived: { place: step.place, packet: step.packet }, tracked: trail.tracked };
    step = next(trail, step);
  }
  return { hops: trail.hops, arrived: undefined, tracked: trail.tracked };
};

const next = (trail: Trail, step: Step): Step => {
  switch (step.kind) {
    case "send":
      return sent(trail, step);
    case "enter":
      return entered(trail, step);
    case "transmit":
      return transmitted(trail, step);
    case "arrived":
      return unwrapped(trail, step);
    case "ended":
      return ended;
  }
};

/** There and back: the answer starts where the packet arrived. `back` is undefined where nothing arrives that could be answered. */
export const walkBoth = (
  world: World,
  first: { readonly from: Place; readonly packet: Packet },
): { readonly there: Walked; readonly back: Walked | undefined } => {
  const there = walk(world, first);
  const back =
    there.arrived === undefined
      ? undefined
      : walk(world, { from: there.arrived.place, packet: answerTo(there.arrived.packet), tracked: there.tracked });
  return { there, back };
};

/** The hop that drops the packet for sure, the first one of them. */
export const firstDrop = (hops: readonly Hop[]): Hop | undefined => hops.find(({ verdict }) => verdict === "drops");
