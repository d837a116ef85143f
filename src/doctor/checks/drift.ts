import type { InventoryContainer } from "../../inventory/inventory.ts";
import { dockerNetworkOf } from "../../inventory/placement.ts";
import { ownedState } from "../../model/owned.ts";
import { keyOf, type HostState, type Network, type Resource } from "../../model/state.ts";
import { isVolatile } from "../../plan/boot.ts";
import { wantedState } from "../../plan/wanted.ts";
import { differences, type Difference } from "../../plan/diff.ts";
import type { Cause } from "../diagnosis.ts";
import type { DiagnosisId } from "../ids.ts";
import { brokenDevices, driftOf, isToldElsewhere, type Drift } from "./drift-words.ts";
import { lostWith } from "./lost.ts";
import { between, cause, crossing, here, hostsBehind, listed, ofContainers, type Scene, type Seen } from "./scene.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What of xhost's own is missing or different on a host: all that `deploy` would repair. What goes along with something else, such
 * as routes with their device, is not told by itself, and things of one kind are told together.
 */
export const drift = (scene: Scene, seen: Seen, env: Env): readonly Cause[] => {
  const { desired, actual } = statesOf(scene, seen, env);
  const all = differences(desired, actual).filter((d) => !isToldElsewhere(d));
  const told = oneTheme(all.filter((d) => !isConsequence(d, all)).flatMap((d) => driftOf(d) ?? []));
  const lost = lostWith(told, desired, actual);
  const groups = groupsOf(told.filter((each) => !lost.includes(each)));
  return [
    ...(lost.length === 0 ? [] : [lostCause(scene, seen.host, lost)]),
    ...groups.flatMap((group) => causeOf(scene, seen.host, group) ?? []),
  ];
};

const groupsOf = (all: readonly Drift[]): readonly (readonly Drift[])[] => [
  ...Map.groupBy(all, ({ id, difference }) => `${id} ${subject(difference)}`).values(),
];

const statesOf = (
  { fabric }: Scene,
  { host, facts }: Seen,
  env: Env,
): { readonly desired: HostState; readonly actual: HostState } => {
  const desired = wantedState(fabric, host, facts, env);
  const wanted = new Set(desired.map(keyOf));
  const actual = ownedState(facts, fabric.inventory.name).filter((r) => r.kind !== "volume" || wanted.has(keyOf(r)));
  return { desired, actual };
};

/** One finding for all that is gone, with what belongs to it by its ids. */
const lostCause = (scene: Scene, host: string, lost: readonly Drift[]): Cause => {
  const own = scene.fabric.inventory.containers.filter((c) => c.host === host);
  const down = lost.flatMap(({ id, difference: { want } }) =>
    id === "container-down" && want?.kind === "container" ? [want.name] : [],
  );
  const inside = ofContainers(new Set(own.filter((c) => down.includes(c.name)).map((c) => c.ref)));
  const parts = [...Map.groupBy(lost, ({ id }) => id)].map(
    ([id, group]) => `${id}: ${listed(group.map(({ seen }) => seen))}`,
  );
  return cause("state-lost", {
    host,
    seen: `nothing that xhost put into the kernel is there any more, as after a restart:\n${parts.join("\n")}`,
    remedy: here(scene.deploy),
    deployFixes: true,
    hitsCheck: (from, to) => crossing(host)(from, to) || inside(from, to),
  });
};

type Kind = Resource["kind"];

/** What a resource follows from, by kind: it came with that, and is repaired with it. */
const FOLLOWS: { readonly [K in Kind]?: (resource: Extract<Resource, { kind: K }>, around: Around) => boolean } = {
  route: (r, { devices, networks }) => devices.has(r.device) || networks.some(({ gateway }) => gateway === r.source),
  neighbour: (r, { devices }) => devices.has(r.device),
  fdb: (r, { devices }) => devices.has(r.device),
  peer: (r, { devices }) => devices.has(r.device),
  container: (r, { networks }) => networks.some(({ name }) => name === r.network),
  module: (r, { has }) => has((other) => other.kind === "link" && other.type === r.name),
  link: (r, { has }) => r.type === "wireguard" && has((other) => other.kind === "key"),
  table: (_r, { has }) => has((other) => other.kind === "chain" || other.kind === "jump"),
  volume: () => true,
};

type Around = {
  readonly devices: ReadonlySet<string>;
  readonly networks: readonly Network[];
  readonly has: (test: (resource: Resource) => boolean) => boolean;
};

const isConsequence = ({ want, have, changed }: Difference, all: readonly Difference[]): boolean => {
  const resource = want ?? have;
  if (resource === undefined) return false;
  const resources = all.flatMap((d) => d.want ?? d.have ?? []);
  const networks = resources.filter((r) => r.kind === "network");
  // The scripts say what all the others do.
  if (resource.kind === "boot")
    return changed.every((text) => !text.startsWith("unit ")) && (networks.length > 0 || resources.some(isVolatile));
  // For each network it makes, Docker puts a rule above ours in nat.
  if (resource.kind === "jump") return resource.table === "nat" && networks.length > 0 && have !== undefined;
  const follows = FOLLOWS[resource.kind] as ((resource: Resource, around: Around) => boolean) | undefined;
  const has = (test: (r: Resource) => boolean): boolean => resources.some(test);
  return follows?.(resource, { devices: brokenDevices(all), networks, has }) === true;
};

/** Of one table's chains and jumps only the gravest; of a peer with another key the one that is missing. */
const oneTheme = (all: readonly Drift[]): readonly Drift[] => {
  const gravest: readonly DiagnosisId[] = ["rules-missing", "rules-order", "rules-changed"];
  const [peers, wrong] = [all.filter((d) => d.id === "peer-missing"), all.filter((d) => d.id === "peer-stale")];
  return all.flatMap((each): Drift[] => {
    if (gravest.includes(each.id)) {
      const same = all.filter((d) => gravest.includes(d.id) && subject(d.difference) === subject(each.difference));
      const first = gravest.find((id) => same.some((d) => d.id === id)) ?? each.id;
      return [{ ...each, id: first }];
    }
    if (peers.length > 0 && wrong.length > 0 && each.id === "peer-stale") return [];
    return [peers.length > 0 && wrong.length > 0 && each.id === "peer-missing" ? { ...each, id: "peer-wrong" } : each];
  });
};

/** What is told together: rules by table, the rest by kind. */
const subject = ({ want, have }: Difference): string => {
  const resource = want ?? have;
  if (resource?.kind === "chain" || resource?.kind === "jump") return resource.table;
  return resource?.kind === "container" || resource?.kind === "network" ? resource.name : "";
};

const causeOf = (scene: Scene, host: string, group: readonly Drift[]): Cause | undefined => {
  const [first] = group;
  if (first === undefined) return undefined;
  const isKept = first.id === "evidence-missing" || first.id.startsWith("boot-");
  const isStale = first.id.endsWith("-stale");
  return cause(first.id, {
    host,
    peer: peerOf(scene, host, group),
    severity: isKept || isStale ? "warning" : "fault",
    seen: listed(group.map(({ seen }) => seen)),
    remedy: here(scene.deploy),
    deployFixes: true,
    table: first.id.startsWith("rules-") ? subject(first.difference) : undefined,
    hitsCheck: isKept ? undefined : hitsOf(scene, host, group),
  });
};

/** The other host where all of the group is about one. */
const peerOf = (scene: Scene, host: string, group: readonly Drift[]): string | undefined => {
  const [peer, ...more] = peersOf(scene, group);
  return more.length === 0 && peer !== host ? peer : undefined;
};

const peersOf = ({ fabric }: Scene, group: readonly Drift[]): readonly string[] => {
  const byAddress = (address: string | undefined): readonly string[] =>
    [...fabric.addresses].flatMap(([name, its]) => (its === address ? [name] : []));
  const all = group.flatMap(({ difference: { want, have } }): readonly string[] => {
    const r = want ?? have;
    if (r?.kind === "route") return [...hostsBehind(fabric, [r.destination])];
    if (r?.kind === "neighbour") return byAddress(r.address);
    if (r?.kind === "fdb") return byAddress(r.destination);
    return r?.kind === "peer" ? byAddress(r.endpoint.split(":")[0]) : [];
  });
  return [...new Set(all)];
};

const hitsOf = (scene: Scene, host: string, group: readonly Drift[]): Cause["hitsCheck"] => {
  const resource = group[0]?.difference.want ?? group[0]?.difference.have;
  const { containers, networks } = scene.fabric.inventory;
  const refs = (test: (c: InventoryContainer) => boolean): ReadonlySet<string> =>
    new Set(containers.filter((c) => c.host === host && test(c)).map((c) => c.ref));
  if (resource?.kind === "container") return ofContainers(refs((c) => c.name === resource.name));
  if (resource?.kind === "network") {
    const network = networks.find((n) => dockerNetworkOf(n, host) === resource.name);
    return ofContainers(refs((c) => c.network === network?.name));
  }
  const peers = peersOf(scene, group);
  return peers.length === 0 ? crossing(host) : between(host, new Set(peers));
};
