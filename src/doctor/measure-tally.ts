import type { Carrier, Sizes, Way } from "../model/evidence.ts";
import { sendLine, type Lane, type Probe } from "./measure-lines.ts";
import { firstSizes, nextSizes } from "./measure-search.ts";

/** Keeps what has arrived and what is still to come of the round that is going on. */
export type Tally = {
  /** Notes what a host heard; another host's probes, which its network card may show it too, do not count. */
  readonly heard: (host: string, probes: readonly Probe[]) => void;
  /** No longer waits for anything from or to a host. */
  readonly drop: (host: string) => void;
  /** What each sending host has to send, again if it did before. */
  readonly orders: () => ReadonlyMap<string, readonly string[]>;
  /** Packets that arrived so far. */
  readonly count: () => number;
  /** Resolves when nothing is to come in this round. */
  readonly complete: () => Promise<undefined>;
  /** What did not arrive is lost; `false` when there is nothing left to ask. */
  readonly nextRound: () => boolean;
  readonly sizes: () => ReadonlyMap<Way, Sizes>;
};

/** A lane's sizes of this round, and what is known of it. */
type Trial = { readonly lane: Lane; asked: readonly number[]; arrived: number; lost: number };

/** The first round has begun. */
export const tally = (lanes: readonly Lane[]): Tally => {
  const trials = new Map(lanes.map((lane) => [lane.id, first(lane)]));
  let open = new Set(trials.values());
  let all = Promise.withResolvers<undefined>();
  let arrivals = 0;
  const close = (trial: Trial): void => {
    open.delete(trial);
    if (open.size === 0) all.resolve(undefined);
  };
  const hear = (host: string, { id, size }: Probe): void => {
    const trial = trials.get(id);
    if (trial?.lane.way.to !== host) return;
    arrivals++;
    trial.arrived = Math.max(trial.arrived, size);
    if (trial.arrived >= (trial.asked.at(-1) ?? 0)) close(trial);
  };
  if (open.size === 0) all.resolve(undefined);
  return {
    heard: (host, probes) => probes.forEach((probe) => hear(host, probe)),
    drop: (host) => {
      for (const trial of trials.values()) {
        const { from, to } = trial.lane.way;
        if (from !== host && to !== host) continue;
        trials.delete(trial.lane.id);
        close(trial);
      }
    },
    orders: () => ordersOf(open),
    count: () => arrivals,
    complete: () => all.promise,
    nextRound: () => {
      open = new Set([...trials.values()].filter((trial) => advance(trial)));
      all = Promise.withResolvers();
      return open.size > 0;
    },
    sizes: () => sizesOf([...trials.values()]),
  };
};

const first = (lane: Lane): Trial => ({ lane, asked: firstSizes(lane.way), arrived: 0, lost: lane.way.mtu + 1 });

const advance = (trial: Trial): boolean => {
  const { asked, arrived, lost, lane } = trial;
  // What was given up in an earlier round may come late.
  trial.lost = asked.find((size) => size > arrived) ?? (lost > arrived ? lost : lane.way.mtu + 1);
  trial.asked = nextSizes(trial).filter((size) => size <= lane.way.mtu);
  return trial.asked.length > 0;
};

/** Smaller sizes than one that arrived need not be sent. */
const ordersOf = (open: Iterable<Trial>): ReadonlyMap<string, readonly string[]> => {
  const orders = new Map<string, string[]>();
  for (const { lane, asked, arrived } of open) {
    const { from } = lane.way;
    const line = sendLine(
      lane.id,
      asked.filter((size) => size > arrived),
    );
    const before = orders.get(from);
    if (before === undefined) orders.set(from, [line]);
    else before.push(line);
  }
  return orders;
};

const sizesOf = (trials: readonly Trial[]): ReadonlyMap<Way, Sizes> => {
  const sizes = new Map<Way, Map<Carrier, number>>();
  for (const { lane, arrived } of trials) {
    const ofWay = sizes.get(lane.way) ?? new Map<Carrier, number>();
    sizes.set(lane.way, ofWay.set(lane.carrier, arrived));
  }
  return sizes;
};
