import { deciderText, type Hop } from "../../walk/hop.ts";
import { request } from "../../walk/packet.ts";
import { isDockers, isOurs } from "../../walk/removal.ts";
import { firstDrop, walkBoth } from "../../walk/walk.ts";
import type { Finding } from "../finding.ts";
import type { Cause } from "../diagnosis.ts";
import type { Health } from "../../observe/health.ts";
import { blockCause } from "./block-cause.ts";
import { here, worldOf, type Scene } from "./scene.ts";
import { dropsOn, hostsOf, type Drops, type Walks } from "./walks.ts";

type Known = { readonly walks: Walks; readonly health: ReadonlyMap<string, Health> };

/**
 * Foreign rules, policies and routes that drop the packets of failed checks, found by walking those through what was read; and what else
 * drops them where nothing that is known already would explain it. Packets that did arrive need no walk: they know better. Each claims the
 * checks whose walk it stops, and of those that were not walked the ones like them between the same hosts.
 */
export const blocked = (scene: Scene, causes: readonly Cause[], { walks, health }: Known): readonly Cause[] => {
  const found = new Map<string, { readonly cause: Cause; readonly stopped: Stopped }>();
  const note = (hop: Hop, drops: Drops, isLast: boolean): void => {
    const key = `${hop.host} ${hop.container ?? ""} ${deciderText(hop.decides)}`;
    const stopped = found.get(key)?.stopped ?? { checks: new Set(), alike: new Set() };
    if (drops.walk.finding !== undefined) stopped.checks.add(drops.walk.finding);
    stopped.alike.add(hostsOf(drops.walk));
    if (found.has(key)) return;
    const cause = blockCause(scene, hop, { ends: drops.ends, health, hitsCheck: hitsOf(walks, stopped) });
    const { from, to } = drops.walk;
    const trace = `${scene.deploy.replace(" deploy ", " trace ")} ${isLast ? `${from.ref} ${to.ref}` : ""}`;
    found.set(key, {
      stopped,
      cause: cause.id === "check-failed" ? { ...cause, remedy: here(trace.trimEnd()) } : cause,
    });
  };
  const all = walks.list.flatMap((walk) => dropsOn(scene, walk) ?? []);
  for (const drops of all)
    drops.hops
      .filter((hop) => isForeign(hop, scene) && !isOwnTrouble(hop, scene, causes))
      .forEach((hop) => note(hop, drops, false));
  for (const drops of all) {
    const { from, to, finding } = drops.walk;
    const known = [...causes, ...[...found.values()].map(({ cause }) => cause)];
    const [first] = drops.hops.filter((hop) => !isOwnTrouble(hop, scene, causes));
    const isKnown = known.some((c) => c.severity === "fault" && c.hitsCheck?.(from, to, finding) === true);
    if (first !== undefined && !isKnown) note(first, drops, true);
  }
  return [...found.values()].map(({ cause }) => cause);
};

/** What a hop stops: checks by themselves, and what all packets like theirs have in common. */
type Stopped = { readonly checks: Set<Finding>; readonly alike: Set<string> };

const hitsOf =
  ({ walked }: Walks, { checks, alike }: Stopped): Cause["hitsCheck"] =>
  (from, to, finding) =>
    finding !== undefined && walked.has(finding) ? checks.has(finding) : alike.has(hostsOf({ from, to, finding }));

/** What drops a ping of one host to another's own address. */
export const pingBlocker = (scene: Scene, from: string, to: string): Hop | undefined => {
  const world = worldOf(scene);
  const [source, destination] = [scene.fabric.addresses.get(from), scene.fabric.addresses.get(to)];
  if (!world.has(from) || !world.has(to) || source === undefined || destination === undefined) return undefined;
  const { there, back } = walkBoth(world, {
    from: { host: from, container: undefined },
    packet: request({ source, destination }),
  });
  return firstDrop(there.hops) ?? (back && firstDrop(back.hops));
};

/** A rule that would not be asked if ours were in their place. */
const isOwnTrouble = ({ host, container, decides }: Hop, { fabric }: Scene, causes: readonly Cause[]): boolean =>
  container === undefined &&
  (decides.kind === "rule" || decides.kind === "policy") &&
  causes.some(
    (c) => c.host === host && (c.id === "state-lost" || (c.table === decides.table && c.id.startsWith("rules-"))),
  ) &&
  fabric.inventory.networks.length > 0;

/** A rule that somebody else than Docker and xhost has made, or a route in a table that neither uses. */
const isForeign = (hop: Hop, { fabric }: Scene): boolean => {
  const { decides: d } = hop;
  if (d.kind === "ip rule" || d.kind === "nft") return true;
  if (d.kind === "route") return hop.container === undefined && !["main", "local", "default"].includes(d.table);
  if (d.kind !== "rule") return false;
  return hop.container !== undefined || !(isOurs(hop, fabric.inventory.name) || isDockers(d));
};
