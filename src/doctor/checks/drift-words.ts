import type { Link } from "../../model/link.ts";
import type { Resource } from "../../model/state.ts";
import type { Difference } from "../../plan/diff.ts";
import { kernelChange } from "../../plan/kernel-changes.ts";
import { isReplaced } from "../../plan/link-lines.ts";
import type { DiagnosisId } from "../ids.ts";

/** A difference in a doctor's words. */
export type Drift = { readonly id: DiagnosisId; readonly difference: Difference; readonly seen: string };

/** Names a difference between what should stand and what stands; undefined for what only comes along with others. */
export const driftOf = (difference: Difference): Drift | undefined => {
  const id = idOf(difference);
  return id && { id, difference, seen: seenOf(difference) };
};

/** Bridges and containers have checks of their own, which know a smaller remedy than a deploy. */
export const isToldElsewhere = ({ have, changed }: Difference): boolean =>
  changed.length > 0 &&
  changed.every((text) =>
    have?.kind === "network"
      ? text.startsWith("its bridge ")
      : have?.kind === "container" && /^(paused$|not on network )/.test(text),
  );

type Kind = Resource["kind"];

/** The ids of what is missing, of what is different, and of what should not be there any more. */
const IDS: Readonly<Partial<Record<Kind, readonly [DiagnosisId, DiagnosisId, DiagnosisId]>>> = {
  network: ["network-missing", "network-wrong", "network-stale"],
  container: ["container-missing", "container-changed", "container-stale"],
  route: ["route-missing", "route-wrong", "route-stale"],
  link: ["link-missing", "link-wrong", "link-wrong"],
  neighbour: ["neighbour-missing", "neighbour-wrong", "neighbour-wrong"],
  fdb: ["fdb-missing", "fdb-wrong", "fdb-wrong"],
  peer: ["peer-missing", "peer-wrong", "peer-stale"],
  chain: ["rules-missing", "rules-changed", "rules-changed"],
  jump: ["rules-missing", "rules-order", "rules-changed"],
  sysctl: ["sysctl-changed", "sysctl-changed", "sysctl-changed"],
  table: ["rules-missing", "rules-missing", "rules-changed"],
  module: ["module-missing", "module-missing", "module-missing"],
  file: ["evidence-missing", "evidence-missing", "evidence-missing"],
  key: ["key-missing", "key-missing", "key-missing"],
  boot: ["boot-missing", "boot-changed", "boot-changed"],
};

const idOf = (difference: Difference): DiagnosisId | undefined => {
  const { want, have, changed } = difference;
  const resource = want ?? have;
  if (resource === undefined) return undefined;
  if (want !== undefined && have !== undefined) return changedId(difference) ?? IDS[resource.kind]?.[1];
  if (changed.length === 0 && want === undefined) return IDS[resource.kind]?.[2];
  return IDS[resource.kind]?.[0];
};

type Says = (beginning: string) => boolean;

/** Where the one resource can be wrong in several ways. */
const CHANGED: Readonly<Partial<Record<Kind, (changed: readonly string[], says: Says) => DiagnosisId | undefined>>> = {
  link: (changed, says) => {
    if (says("up ")) return "link-down";
    return changed.every((each) => each.startsWith("checksum")) ? "vxlan-offload" : undefined;
  },
  container: (changed) => (changed.includes("not running") ? "container-down" : undefined),
  chain: (changed, says) => {
    if (changed.some((text) => /^\+[1-9]/.test(text))) return "rules-missing";
    return says("order") ? "rules-order" : undefined;
  },
  jump: (_changed, says) => (says("a foreign rule") ? undefined : "rules-changed"),
};

const changedId = ({ want, changed }: Difference): DiagnosisId | undefined => {
  const says: Says = (beginning) => changed.some((each) => each.startsWith(beginning));
  if (want?.kind === "sysctl") return want.key === "net.ipv4.ip_forward" && says("value") ? "ip-forward" : undefined;
  return want && CHANGED[want.kind]?.(changed, says);
};

const seenOf = (difference: Difference): string => {
  const { want, have, changed } = difference;
  const resource = want ?? have;
  if (resource === undefined) return "";
  const { what, detail } = toldOf(difference, resource);
  if (want !== undefined && have !== undefined) return `${what}: ${changed.join(", ")}`;
  const state = want === undefined ? "is there and should not be" : "is missing";
  return `${what}${detail === "" ? "" : ` (${detail})`} ${state}`;
};

const toldOf = (difference: Difference, resource: Resource): { readonly what: string; readonly detail: string } => {
  if (resource.kind === "network") return { what: `Docker network ${resource.name}`, detail: resource.subnet };
  if (resource.kind === "container" || resource.kind === "volume")
    return { what: `${resource.kind} ${resource.name}`, detail: "" };
  return kernelChange(difference);
};

/** Devices that are gone, down or have to be made anew: what leads over them is gone with them. */
export const brokenDevices = (all: readonly Difference[]): ReadonlySet<string> =>
  new Set(
    all.flatMap((d) => {
      if ((d.want ?? d.have)?.kind !== "link") return [];
      const broken = d.have === undefined || d.want === undefined || isReplaced(d) || !(d.have as Link).up;
      return broken ? [((d.want ?? d.have) as Link).name] : [];
    }),
  );
