import { keyOf, type HostState, type Resource } from "../model/state.ts";
import type { Difference } from "./diff.ts";
import { isReplaced } from "./link-lines.ts";

/** The differences with what they bring about by themselves on the host: things that sink, or go with others. */
export const withKnockOn = (all: readonly Difference[], desired: HostState, actual: HostState): readonly Difference[] =>
  withRoutesAgain(withDevicesAgain(withJumpsOnTop(all, desired, actual), desired, actual), desired, actual);

/** Adds a difference for each wanted resource that is not among them yet; `have` is what stands. */
const again = (
  all: readonly Difference[],
  resources: readonly Resource[],
  actual: HostState,
  why: string,
): readonly Difference[] => {
  if (resources.length === 0) return all;
  const there = new Map(actual.map((r) => [keyOf(r), r]));
  const standing = resources.filter((want) => there.has(keyOf(want)));
  if (standing.length === 0) return all;
  const planned = new Set(all.flatMap((d) => (d.want ? [keyOf(d.want)] : [])));
  const added = standing
    .filter((want) => !planned.has(keyOf(want)))
    .map((want): Difference => ({ want, have: there.get(keyOf(want)), changed: [why] }));
  return [...all, ...added];
};

/**
 * For each network it makes, Docker puts a MASQUERADE at the head of POSTROUTING (moby, setup_ip_tables_linux.go): a jump
 * that stands there already has to be put above it again.
 */
const withJumpsOnTop = (all: readonly Difference[], desired: HostState, actual: HostState): readonly Difference[] => {
  if (!all.some((d) => d.want?.kind === "network")) return all;
  const sinking = desired.filter((want) => want.kind === "jump" && want.table === "nat");
  return again(all, sinking, actual, "above the rule of the new network");
};

/** A network that goes takes its gateway's address with it, and the kernel every route with that source (fib_sync_down_addr). */
const withRoutesAgain = (all: readonly Difference[], desired: HostState, actual: HostState): readonly Difference[] => {
  const gateways = all.flatMap(({ have }) => (have?.kind === "network" ? [have.gateway] : []));
  const fades = (r: Resource | undefined): boolean =>
    r?.kind === "route" && r.source !== undefined && gateways.includes(r.source);
  const told = all.map((d) => (d.want === undefined && fades(d.have) ? { ...d, byItself: true } : d));
  return again(told, desired.filter(fades), actual, "its source address goes with the network");
};

/** What leads over a device goes with it: nothing of it has to be removed by itself. Where the device is made anew, all of that is wanted again. */
const withDevicesAgain = (all: readonly Difference[], desired: HostState, actual: HostState): readonly Difference[] => {
  const names = (links: readonly Difference[]): ReadonlySet<string> =>
    new Set(links.map(({ have }) => (have?.kind === "link" ? have.name : "")));
  const replaced = names(all.filter(isReplaced));
  const going = names(all.filter((d) => d.want === undefined && d.have?.kind === "link"));
  if (replaced.size + going.size === 0) return all;
  const isOver = (r: Resource | undefined, some: ReadonlySet<string>): boolean =>
    (r?.kind === "route" || r?.kind === "neighbour" || r?.kind === "fdb" || r?.kind === "peer") && some.has(r.device);
  const isOn = (r: Resource | undefined): boolean => isOver(r, replaced);
  const wanted = desired.filter(isOn);
  const keys = new Set(wanted.map(keyOf));
  const staying = new Map(actual.filter((r) => !isOn(r)).map((r) => [keyOf(r), r]));
  return [
    ...all
      .filter((d) => !(d.want && keys.has(keyOf(d.want))))
      .map((d) => (d.want === undefined && (isOn(d.have) || isOver(d.have, going)) ? { ...d, byItself: true } : d)),
    ...wanted.map((want): Difference => ({ want, have: staying.get(keyOf(want)), changed: [] })),
  ];
};
