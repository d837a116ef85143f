import { isSourceKept } from "../../inventory/placement.ts";
import { walkEnd } from "../../walk/blocking.ts";
import type { Ends } from "../../walk/diversion.ts";
import { comesOf, disguise } from "../../walk/disguise.ts";
import type { Hop } from "../../walk/hop.ts";
import { request } from "../../walk/packet.ts";
import { walkBoth } from "../../walk/walk.ts";
import type { CheckEnd } from "../diagnosis.ts";
import type { Finding } from "../finding.ts";
import { worldOf, type Scene } from "./scene.ts";

/** A packet to be walked through what was read: of a failed check, or of none. */
export type Walk = { readonly from: CheckEnd; readonly to: CheckEnd; readonly finding: Finding | undefined };

export type Walks = {
  readonly list: readonly Walk[];
  /** The failed checks among them. */
  readonly walked: ReadonlySet<Finding>;
  /** How many failed checks are not among them. */
  readonly left: number;
};

/** Failed checks that are walked without a word, and pairs of hosts that no check is about; one walk takes a millisecond or two. */
const MANY = { checks: 400, pairs: 60 };

/**
 * A walk for each failed check. Of very many those that cover everything come first: each kind of packet between each two hosts, both ways.
 * And for hosts that no check is about, where there are many of those each once as source and once as target.
 */
export const walksOf = ({ fabric }: Scene, findings: readonly Finding[], full: boolean): Walks => {
  const { containers } = fabric.inventory;
  const hosts = new Map(containers.map(({ ref, host }) => [ref, host]));
  const end = (ref: string): CheckEnd => ({ ref, host: hosts.get(ref) ?? "" });
  const all = findings.map((finding): Walk => ({ finding, from: end(finding.from), to: end(finding.to) }));
  const failed = all.filter(({ finding }) => finding?.result === "failed");
  const first = new Map(failed.toReversed().map((walk) => [hostsOf(walk), walk]));
  const covering = new Set(first.values());
  const ordered = [...failed.filter((w) => covering.has(w)), ...failed.filter((w) => !covering.has(w))];
  const chosen = full ? ordered : ordered.slice(0, MANY.checks);
  return {
    list: [...chosen, ...unchecked(fabric.inventory.containers, all)],
    walked: new Set(chosen.flatMap(({ finding }) => finding ?? [])),
    left: failed.length - chosen.length,
  };
};

/** What packets have in common that a host cannot tell apart by more than their addresses. */
export const hostsOf = ({ from, to, finding }: Walk): string =>
  [from.host, to.host, portOf(finding), finding?.tooBig].join(" ");

/** Between the first containers of hosts that no check is about. */
const unchecked = (containers: Scene["fabric"]["inventory"]["containers"], all: readonly Walk[]): readonly Walk[] => {
  const checked = new Set(all.flatMap(({ from, to }) => [`${from.host} ${to.host}`, `${to.host} ${from.host}`]));
  const firsts = [...new Map(containers.toReversed().map((c) => [`${c.network} ${c.host}`, c])).values()];
  const open = [...Map.groupBy(firsts, ({ network }) => network).values()].flatMap((own) =>
    own.flatMap((from, i) =>
      // In a ring: the next host, then the one after that.
      [...own.slice(i + 1), ...own.slice(0, i)]
        .filter((to) => to.host !== from.host && !checked.has(`${from.host} ${to.host}`))
        .map((to, rank) => ({ walk: { from, to, finding: undefined }, rank })),
    ),
  );
  return open.filter(({ rank }) => rank === 0 || open.length <= MANY.pairs).map(({ walk }) => walk);
};

const portOf = (finding: Finding | undefined): number | undefined => {
  if (finding?.probe.kind === "tcp") return finding.probe.port;
  return finding?.probe.kind === "http" ? Number(new URL(finding.probe.url).port || 80) : undefined;
};

/** Everything that drops a walk's packet, there and back, in order, and what changes its source where containers keep theirs. */
export type Drops = { readonly walk: Walk; readonly hops: readonly Hop[]; readonly ends: Ends };

/** Undefined where an end does not run. */
export const dropsOn = (scene: Scene, walk: Walk): Drops | undefined => {
  const world = worldOf(scene);
  const [a, b] = [walk.from, walk.to].map(({ ref }) => walkEnd(scene.fabric, world, ref));
  if (a === undefined || b === undefined) return undefined;
  const ends = { source: a.address, destination: b.address };
  const packet = request({ ...ends, port: portOf(walk.finding), size: walk.finding?.tooBig });
  const { there, back } = walkBoth(world, { from: a.place, packet });
  const mask = isSourceKept(scene.fabric.inventory, walk.to.ref) ? disguise(there.hops, a.address) : undefined;
  const isStopping = (hop: Hop): boolean =>
    hop.verdict === "drops" && (mask === undefined || !comesOf(hop, mask, there.hops));
  const hops = [...there.hops, ...(back?.hops ?? [])].filter((hop) => hop === mask || isStopping(hop));
  return { walk, hops, ends };
};
