import type { Hop } from "../walk/hop.ts";
import type { Rise } from "./trace-counters.ts";
import { errorText, type Sighting } from "./trace-lines.ts";
import type { Seen } from "./trace-sight.ts";

/** What a trace blames. */
export type Guilt = {
  /** What decides there; of a rule that only its counter gave away, a hop of its own. */
  readonly hop: Hop;
  /** Where the probes were last seen, and first missing; undefined where the way ends before the next device. */
  readonly last: Hop | undefined;
  readonly missing: Hop | undefined;
  /** One sentence: what is wrong. */
  readonly why: string;
  /** What else speaks for it: counters, ICMP errors. */
  readonly evidence: readonly string[];
};

/** Everything that is known of the probes of one size. */
export type Case = {
  /** There, then back. */
  readonly hops: readonly Hop[];
  readonly seen: readonly Seen[];
  /** Numbers of the probes. */
  readonly ids: readonly number[];
  readonly rises: readonly Rise[];
  readonly errors: readonly Sighting[];
};

/** Blames somebody for probes that did not come back; undefined where one did, to the last device of the way. */
export const guilt = (trial: Case): Guilt | undefined => {
  const { hops, seen, ids } = trial;
  const heard = seen.filter((each) => each.ids !== undefined);
  const passed = heard.map((each) => ids.some((id) => each.ids?.has(id) === true));
  const lastAt = passed.lastIndexOf(true);
  if (lastAt === heard.length - 1 && lastAt >= 0 && isWhole(trial)) return undefined;
  const [last, missing] = [heard[lastAt], heard[lastAt + 1]];
  const between = hops.slice((last?.at ?? -1) + 1, missing?.at ?? hops.length);
  const segment: Segment = { trial, between, last: last?.hop, missing: missing?.hop };
  const errors = trial.errors.filter(({ id }) => ids.includes(id)).map(errorWords);
  const found = byCounter(segment) ?? byDrop(segment) ?? byDoubt(segment) ?? byPlace(segment);
  return { ...found, last: last?.hop, missing: missing?.hop, evidence: [...found.evidence, ...new Set(errors)] };
};

/** Whether the walk goes on to the end: where it stops, what is missing there has no device to be missed at. */
const isWhole = ({ hops }: Case): boolean => hops.at(-1)?.decides.kind === "tap" || hops.at(-1)?.verdict !== "drops";

type Segment = {
  readonly trial: Case;
  /** Hops behind the last device that saw the probes and before the first that did not. */
  readonly between: readonly Hop[];
  readonly last: Hop | undefined;
  readonly missing: Hop | undefined;
};

type Found = Pick<Guilt, "hop" | "why" | "evidence">;

const errorWords = ({ source, error }: Sighting): string =>
  `${source} answers with an ICMP error: ${error === undefined ? "" : errorText(error)}`;

const riseWords = ({ by }: Rise): string => `its counter rose by ${by}`;

/** A rule or policy that drops, and whose counter rose with the probes; one that the walk has named comes first. */
const byCounter = ({ trial, between, last, missing }: Segment): Found | undefined => {
  const hosts = new Set([last?.host, missing?.host, ...between.map(({ host }) => host)]);
  const rises = trial.rises.filter(({ drops, by, host }) => drops && by >= trial.ids.length && hosts.has(host));
  for (const hop of between) {
    const rise = rises.find((each) => isSame(each, hop));
    if (rise !== undefined) return { hop, why: hop.why, evidence: [riseWords(rise)] };
  }
  if (between.some(({ verdict }) => verdict === "drops")) return undefined;
  const [rise] = rises.filter((each) => isBetween(each, { last, missing })).sort((a, b) => a.by - b.by);
  if (rise === undefined) return undefined;
  const why = "drops packets, and the probes went missing there";
  return { hop: hopOf(rise, why), why, evidence: [riseWords(rise)] };
};

const isSame = (rise: Rise, hop: Hop): boolean =>
  rise.host === hop.host &&
  rise.container === hop.container &&
  JSON.stringify(rise.decides) === JSON.stringify(hop.decides);

/** Whether a rule is in a network namespace in which the probes were last seen, or first missing. */
const isBetween = ({ host, container }: Rise, { last, missing }: Pick<Segment, "last" | "missing">): boolean =>
  [last, missing].some((hop) => hop?.host === host && hop.container === container);

const hopOf = ({ host, container, decides }: Rise, why: string): Hop => ({
  host,
  container,
  point: decides.kind === "rule" || decides.kind === "policy" ? `${decides.table} ${decides.chain}` : decides.kind,
  decides,
  verdict: "drops",
  why,
  isOuter: false,
});

const byDrop = ({ between }: Segment): Found | undefined => {
  const hop = between.find(({ verdict }) => verdict === "drops");
  return hop && { hop, why: hop.why, evidence: [] };
};

const byDoubt = ({ between }: Segment): Found | undefined => {
  const hop = between.find(({ verdict }) => verdict === "unknown");
  return hop && { hop, why: `may drop it: ${hop.why}`, evidence: [] };
};

/** Nothing that was read drops it: what remains is where it was lost. */
const byPlace = ({ between, last, missing, trial }: Segment): Found => {
  const network = between.find(({ decides }) => decides.kind === "network");
  if (network !== undefined)
    return {
      hop: network,
      why: `${network.decides.kind === "network" ? network.decides.text : ""} loses it`,
      evidence: [],
    };
  const hop = last ?? missing ?? trial.hops[0];
  if (hop === undefined) throw new TypeError("a walk without a hop");
  const here = hop.container === undefined ? hop.host : "the container";
  return { hop, why: `${here} does not pass it on, and nothing that was read there says why`, evidence: [] };
};
