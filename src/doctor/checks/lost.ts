import type { HostState, Resource } from "../../model/state.ts";
import type { DiagnosisId } from "../ids.ts";
import type { Drift } from "./drift-words.ts";

/** What lives in the kernel alone: a restart of the host takes it. */
const VOLATILE: readonly Resource["kind"][] = ["route", "link", "neighbour", "fdb", "peer", "chain", "jump"];

/** What a restart brings about beside that: containers end, and settings and modules are what they were. */
const WITH_IT: readonly DiagnosisId[] = [
  "container-down",
  "ip-forward",
  "sysctl-changed",
  "module-missing",
  "boot-changed",
];

/**
 * The differences of a host that has kept nothing of what was put into its kernel, though what is on its disk shows that it was deployed;
 * empty for any other host. One kind alone may have been taken away by hand.
 */
export const lostWith = (all: readonly Drift[], desired: HostState, actual: HostState): readonly Drift[] => {
  const kinds = new Set(desired.map(({ kind }) => kind).filter((kind) => VOLATILE.includes(kind)));
  const isDeployed = actual.some(({ kind }) => kind === "network" || kind === "container" || kind === "file");
  const isKept = actual.some(({ kind }) => VOLATILE.includes(kind));
  if (!isDeployed || isKept || !["route", "chain", "link"].some((kind) => kinds.has(kind as Resource["kind"])))
    return [];
  if (kinds.size < 2 || all.some(({ id }) => id.startsWith("network-"))) return [];
  return all.filter(
    ({ id, difference: { want, have } }) => VOLATILE.includes((want ?? have)?.kind ?? "file") || WITH_IT.includes(id),
  );
};
