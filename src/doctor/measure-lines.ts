import type { Carrier, Way } from "../model/evidence.ts";

/** A way with one carrier: what probes are sent on and counted by. `id` is its number in every line and every probe. */
export type Lane = { readonly id: number; readonly way: Way; readonly carrier: Carrier };

/**
 * Every way with every carrier that can be tried on it, so many lanes at a time and a few more where a way would be cut in two: foreign addresses need a
 * segment that both hosts are on. In the order in which they are sent, as in a ring: each host begins with the next one, since one that all begin with would
 * be overrun.
 */
export function* lanesOf(ways: readonly Way[], atOnce: number): Generator<readonly Lane[], void> {
  let lanes: Lane[] = [];
  let id = 0;
  for (const way of inRing(ways)) {
    for (const carrier of way.carriers)
      if (carrier !== "foreign" || way.foreign !== undefined) lanes.push({ id: id++, way, carrier });
    if (lanes.length < atOnce) continue;
    yield lanes;
    lanes = [];
  }
  if (lanes.length > 0) yield lanes;
}

const inRing = (ways: readonly Way[]): readonly Way[] => {
  const place = new Map<string, number>();
  for (const { from, to } of ways) for (const name of [from, to]) if (!place.has(name)) place.set(name, place.size);
  const at = (name: string): number => place.get(name) ?? 0;
  const rings = Map.groupBy(ways, ({ from, to }) => (at(to) - at(from) + place.size) % place.size);
  return [...rings].sort(([a], [b]) => a - b).flatMap(([, same]) => same);
};

/** Tells the sending prober of a lane; comes before the first `sendLine` of it. */
export const laneLine = ({ id, carrier, way: { source, target, foreign } }: Lane): string => {
  const words = ["L", id, carrier.split(":")[0], carrier.split(":")[1] ?? 0, source, target];
  if (carrier === "foreign" && foreign !== undefined) words.push(foreign.device, foreign.source, foreign.target);
  return words.join(" ");
};

/** Orders one packet of each size, in bytes of the whole IP packet. */
export const sendLine = (id: number, sizes: readonly number[]): string => `S ${id} ${sizes.join(" ")}`;

/** Asks for a `worked` when everything ordered before has been sent. */
export const workedLine = "D";

/** What a prober says. */
export type Said =
  | { readonly kind: "ready" | "worked" }
  | { readonly kind: "got"; readonly probes: readonly Probe[] }
  | { readonly kind: "failed"; readonly why: string };

/** A probe that arrived at the host that says so: its lane's number and its bytes. */
export type Probe = { readonly id: number; readonly size: number };

/** `undefined` for a tick, which only says that the prober lives, and for what is no prober's line. */
export const parseSaid = (line: string): Said | undefined => {
  if (line === "R") return { kind: "ready" };
  if (line === "D") return { kind: "worked" };
  if (line.startsWith("E ")) return { kind: "failed", why: line.slice(2) };
  if (!/^G( \d+ \d+)+$/.test(line)) return undefined;
  const numbers = line.slice(2).split(" ").map(Number);
  const probes = numbers.flatMap((id, i) => (i % 2 === 0 ? [{ id, size: numbers[i + 1] ?? 0 }] : []));
  return { kind: "got", probes };
};
