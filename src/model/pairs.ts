import { PLANES, type InventoryNetwork, type Plane } from "../inventory/inventory.ts";
import { isAbout, type Carrier, type Evidence } from "./evidence.ts";
import type { Fabric } from "./fabric.ts";
import { hereOf, peerOf } from "./here.ts";
import { planes } from "./planes/index.ts";
import type { Here, Peer } from "./planes/plane.ts";

/** What is known of one plane between two hosts. */
export type Attempt = {
  readonly plane: Plane;
  /** Bytes that a packet between containers may have; undefined where the plane does not carry them, or nobody has measured. */
  readonly mtu: number | undefined;
  /** What was seen or what is in the way, in words. */
  readonly why: string;
  readonly measured: boolean;
};

/** How packets get from one host to another and back. */
export type Crossing = {
  /** Undefined where no plane crosses, or where it is not known yet which. */
  readonly plane: Plane | undefined;
  readonly mtu: number | undefined;
  /** Every plane that was judged, leanest first. */
  readonly attempts: readonly Attempt[];
  /** When the older of the two directions was measured; undefined while one is not. */
  readonly at: string | undefined;
};

/** The same, of a network and two hosts. */
export type Pair = Crossing & { readonly network: string; readonly hosts: readonly [string, string] };

/** The planes that may carry a network, leanest first. */
export const ladderOf = ({ plane, encrypt }: InventoryNetwork): readonly Plane[] =>
  encrypt ? ["wireguard"] : plane === "auto" ? PLANES : [plane];

/** Both directions between two hosts that were looked at. */
type Both = readonly [Direction, Direction];
type Direction = { readonly here: Here; readonly peer: Peer; readonly evidence: Evidence | undefined };

/**
 * The leanest plane that nothing known speaks against and whose packets arrive in both directions at full size: as big as
 * those of any other plane. Undefined where one of the hosts was not looked at. The same from either end.
 */
export const crossingOf = (fabric: Fabric, network: InventoryNetwork, a: string, b: string): Crossing | undefined => {
  const [first, second] = a < b ? [a, b] : [b, a];
  const known = knownOf(fabric);
  const [row, column] = [known.places.get(first) ?? 0, known.places.get(second) ?? 0];
  const rows = known.crossings.get(network.name) ?? [];
  const cells = (rows[row] ??= new Array<Crossing | null | undefined>(known.places.size));
  const found = cells[column];
  if (found !== undefined) return found ?? undefined;
  const made = judge(fabric, network, first, second);
  const crossing = made !== undefined && isSame(made, known.last) ? known.last : made;
  known.crossings.set(network.name, rows);
  known.last = crossing ?? known.last;
  cells[column] = crossing ?? null;
  return crossing;
};

/** The same with its names. */
export const pairOf = (fabric: Fabric, network: InventoryNetwork, a: string, b: string): Pair | undefined => {
  const crossing = crossingOf(fabric, network, a, b);
  return crossing && { ...crossing, network: network.name, hosts: a < b ? [a, b] : [b, a] };
};

const isSame = (a: Crossing, b: Crossing | undefined): b is Crossing =>
  a.at === b?.at &&
  a.plane === b?.plane &&
  a.mtu === b?.mtu &&
  a.attempts.length === b?.attempts.length &&
  a.attempts.every((attempt, i) => attempt === b.attempts[i]);

/** What has been worked out of a fabric: both hosts' plans, the conflicts and the tables ask for the same. */
type Known = {
  readonly places: ReadonlyMap<string, number>;
  /** By network, and by the places of both hosts in the inventory: null where one was not looked at. Arrays, since there may be millions. */
  readonly crossings: Map<string, (Crossing | null | undefined)[][]>;
  /** The last one that was judged: neighbours are mostly alike, and of millions one is kept. */
  last: Crossing | undefined;
  /** Of many pairs the same is said: it is there once. */
  readonly attempts: Map<string, Attempt>;
};

const knowledge = new WeakMap<Fabric, Known>();

const knownOf = (fabric: Fabric): Known => {
  const found = knowledge.get(fabric);
  if (found !== undefined) return found;
  const places = new Map(fabric.inventory.hosts.map(({ name }, i) => [name, i]));
  const made: Known = { places, crossings: new Map(), last: undefined, attempts: new Map() };
  knowledge.set(fabric, made);
  return made;
};

const judge = (fabric: Fabric, network: InventoryNetwork, first: string, second: string): Crossing | undefined => {
  const there = directionOf(fabric, network, first, second);
  const back = directionOf(fabric, network, second, first);
  if (there === undefined || back === undefined) return undefined;
  const both: Both = [there, back];
  const seen = ladderOf(network).map((plane): Seen => {
    const obstacle = obstacleOf(plane, both);
    return { plane, obstacle, size: obstacle === undefined ? sizeOf(plane, both) : undefined };
  });
  const full = Math.max(0, ...seen.map(({ size }) => size ?? 0));
  const { attempts: told } = knownOf(fabric);
  const attempts = seen.map((each) => once(told, attempt(each, both, full)));
  const chosen = attempts.find(({ mtu }) => mtu !== undefined) ?? assumed(network, seen, both);
  return {
    plane: chosen?.plane,
    mtu: chosen?.mtu,
    attempts,
    at: there.evidence && back.evidence && [there.evidence.at, back.evidence.at].sort()[0],
  };
};

/** What is known of a plane before it is put into words; `size` in bytes, undefined where it is not measured. */
type Seen = { readonly plane: Plane; readonly obstacle: string | undefined; readonly size: number | undefined };

const once = (told: Map<string, Attempt>, attempt: Attempt): Attempt => {
  if (attempt.why === NOT_MEASURED) return attempt;
  const key = `${attempt.plane} ${attempt.mtu ?? ""} ${attempt.why}`;
  const found = told.get(key);
  if (found === undefined) told.set(key, attempt);
  return found ?? attempt;
};

/** A plane that was asked for by name stands until it is measured; its MTU is what the two devices allow. */
const assumed = (network: InventoryNetwork, [only]: readonly Seen[], both: Both) => {
  if (network.plane === "auto" || only === undefined || only.size !== undefined || only.obstacle !== undefined) return;
  const mtu = Math.min(...both.map(({ peer }) => peer.path.mtu)) - planes[only.plane].overhead;
  return { plane: only.plane, mtu };
};

/** What is said of a plane that only packets can tell about. */
export const NOT_MEASURED = "not measured";

const unmeasured = (plane: Plane): Attempt => ({ plane, mtu: undefined, why: NOT_MEASURED, measured: false });
const UNMEASURED: Readonly<Record<Plane, Attempt>> = {
  route: unmeasured("route"),
  ipip: unmeasured("ipip"),
  vxlan: unmeasured("vxlan"),
  wireguard: unmeasured("wireguard"),
};

const attempt = ({ plane, obstacle, size }: Seen, both: Both, full: number): Attempt => {
  if (obstacle !== undefined) return { plane, mtu: undefined, why: obstacle, measured: false };
  if (size === undefined) return UNMEASURED[plane];
  const lost = both.filter((direction) => arriving(plane, direction) === 0);
  const what = carrierText(planes[plane].carrier(both[0].here.ports, both[0].peer.host));
  if (size === 0)
    return { plane, mtu: undefined, why: `${what} do not arrive ${lost.map(fromTo).join(" nor ")}`, measured: true };
  const hidden = plane === "wireguard" ? both.find(isBehindNat) : undefined;
  const sizes = `${what} of ${size} bytes arrive ${hidden === undefined ? "both ways" : `from ${hidden.peer.host}, and answers get back in`}`;
  if (size < Math.max(full, MIN_MTU + planes[plane].overhead))
    return { plane, mtu: undefined, why: `only ${sizes}, not ${Math.max(full, MIN_MTU)}`, measured: true };
  return { plane, mtu: size - planes[plane].overhead, why: sizes, measured: true };
};

/** Bytes; every IPv4 network has to carry that much (RFC 791). */
const MIN_MTU = 576;

const fromTo = ({ here, peer }: Direction): string => `from ${here.host} to ${peer.host}`;

const carrierText = (carrier: Carrier): string =>
  carrier === "foreign"
    ? "packets with container addresses"
    : carrier === "proto4"
      ? "packets of IP protocol 4"
      : `packets to UDP port ${carrier.slice(4)}`;

const obstacleOf = (plane: Plane, both: Both): string | undefined =>
  both.map(({ here, peer }) => planes[plane].obstacle(here, peer)).find((text) => text !== undefined);

/** Bytes that arrive in both directions; undefined while one of them is not measured. */
const sizeOf = (plane: Plane, both: Both): number | undefined => {
  const sizes = both.map((direction, i) =>
    // A NAT lets in what answers: its host keeps the way open, and what arrives from it can be answered.
    plane === "wireguard" && isBehindNat(direction)
      ? arriving(plane, both[1 - i] ?? direction)
      : arriving(plane, direction),
  );
  return sizes.includes(undefined) ? undefined : Math.min(...sizes.map((size) => size ?? 0));
};

const isBehindNat = ({ here, peer }: Direction): boolean => here.ports.wireguard.get(peer.host)?.isBehindNat === true;

const arriving = (plane: Plane, { here, peer, evidence }: Direction): number | undefined =>
  evidence?.sizes.get(planes[plane].carrier(here.ports, peer.host));

const directionOf = (fabric: Fabric, network: InventoryNetwork, from: string, to: string): Direction | undefined => {
  const here = hereOf(fabric, from);
  const peer = peerOf(fabric, network, from, to);
  if (here === undefined || peer === undefined || fabric.sights.get(to)?.facts === undefined) return undefined;
  const kept = fabric.evidence(from, to);
  const way = { source: here.local, target: peer.address, mtu: peer.path.mtu };
  return { here, peer, evidence: kept !== undefined && isAbout(kept, way) ? kept : undefined };
};
