// The table of the ratios, and which targets hold.
import { table } from "../src/commands/table.ts";
import { BARE, BY_HAND, SWARM } from "./plane-candidates.ts";
import type { Sample } from "./plane-measure.ts";

/** One sample of every path. */
export type Round = ReadonlyMap<string, Sample>;

type Measure = { readonly key: keyof Sample; readonly title: string; readonly digits: number };

const MEASURES: readonly Measure[] = [
  { key: "throughput", title: "TCP, Gbit/s", digits: 1 },
  { key: "packets", title: "UDP in frames of 64 bytes, thousands received per second", digits: 1 },
  { key: "roundTrip", title: "round trip, microseconds, median (less is better)", digits: 0 },
  { key: "slowest", title: "round trip, microseconds, one of a hundred takes longer (less is better)", digits: 0 },
];

/** At least, or for a time at most, that many times what the other has, by the median of the rounds. */
type Target = { readonly path: string; readonly key: keyof Sample; readonly than: string; readonly times: number };

const TARGETS: readonly Target[] = [
  { path: "route", key: "throughput", than: BY_HAND, times: 0.95 },
  { path: "route", key: "packets", than: BY_HAND, times: 0.95 },
  { path: "route", key: "packets", than: SWARM, times: 1.2 },
  { path: "vxlan", key: "throughput", than: SWARM, times: 1 },
  { path: "vxlan", key: "packets", than: SWARM, times: 1 },
];

export const measureTables = (rounds: readonly Round[], names: readonly string[]): string =>
  MEASURES.map(({ key, title, digits }) => {
    const rows = names.map((name) => {
      const values = rounds.map((round) => round.get(name)?.[key] ?? Number.NaN);
      const [middle, least, most] = [0.5, 0, 1].map((part) => quantile(values, part).toFixed(digits));
      const ratios = [BARE, BY_HAND, SWARM].map((other) =>
        other === name ? "" : spread(ratiosOf(rounds, { path: name, key, than: other })),
      );
      return [name, middle ?? "", `${least} - ${most}`, ...ratios];
    });
    return `${title}\n${table(["PATH", "MEDIAN", "LEAST - MOST", "OF BARE HOSTS", "OF BY HAND", "OF SWARM"], rows)}`;
  }).join("\n\n");

export const targetLines = (rounds: readonly Round[]): readonly string[] =>
  TARGETS.map((target) => {
    const ratios = ratiosOf(rounds, target);
    const title = MEASURES.find(({ key }) => key === target.key)?.title.split(",")[0] ?? "";
    const verdict = quantile(ratios, 0.5) >= target.times ? "holds " : "missed";
    return `${verdict}  ${target.path} at least ${target.times} of ${target.than}, ${title}: ${spread(ratios)}`;
  });

/** Of values from the same round: what disturbs the machine disturbs both. */
const ratiosOf = (rounds: readonly Round[], { path, key, than }: Omit<Target, "times">): readonly number[] =>
  rounds.map((round) => (round.get(path)?.[key] ?? Number.NaN) / (round.get(than)?.[key] ?? Number.NaN));

/** Median, and the quarter below and above it. */
const spread = (ratios: readonly number[]): string => {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => quantile(ratios, part).toFixed(2));
  return `${middle} (${low} - ${high})`;
};

const quantile = (values: readonly number[], part: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
};
