import { interned } from "../interned.ts";
import type { Plane } from "../inventory/inventory.ts";
import { isAbout, type Carrier, type Way } from "./evidence.ts";
import type { Fabric } from "./fabric.ts";
import { hereOf, peerOf } from "./here.ts";
import { ladderOf } from "./pairs.ts";
import { firstAddress } from "./place.ts";
import { planes } from "./planes/index.ts";

/**
 * The ways between hosts that were looked at and whose evidence, or that of the way back, is missing, incomplete or about something else now; with `again`,
 * all of them. Only ways that `matters` says so of.
 */
export const waysToMeasure = (
  fabric: Fabric,
  { again, matters }: { readonly again: boolean; readonly matters: (from: string, to: string) => boolean },
): readonly Way[] => {
  const hosts = fabric.inventory.hosts.map(({ name }) => name);
  const ways: Way[] = [];
  // Pair by pair: of hundreds of hosts all ways do not have to be there at once to find that they are known.
  for (const [i, a] of hosts.entries())
    for (const b of hosts.slice(i + 1)) {
      const both = [matters(a, b) ? wayOf(fabric, a, b) : undefined, matters(b, a) ? wayOf(fabric, b, a) : undefined];
      const possible = both.filter((way) => way !== undefined && way.carriers.length > 0) as readonly Way[];
      // Both ways of a pair or none: what is known of one way is as old as the pair's plane and MTU.
      if (again || possible.some((way) => !isKnown(fabric, way))) ways.push(...possible);
    }
  return ways;
};

/** What is to be measured from one host to another for all networks that both are in. */
const wayOf = (fabric: Fabric, from: string, to: string): Way | undefined => {
  let whole: Way | undefined;
  for (const network of fabric.inventory.networks) {
    if (!network.blocks.has(from) || !network.blocks.has(to)) continue;
    const way = wayIn(fabric, network, from, to);
    if (way === undefined) continue;
    const carriers = whole === undefined ? way.carriers : [...new Set([...whole.carriers, ...way.carriers])];
    whole = { ...way, foreign: whole?.foreign ?? way.foreign, carriers };
  }
  return whole;
};

type Network = Fabric["inventory"]["networks"][number];

const wayIn = (fabric: Fabric, network: Network, from: string, to: string): Way | undefined => {
  const here = hereOf(fabric, from);
  const there = hereOf(fabric, to);
  const peer = peerOf(fabric, network, from, to);
  const back = peerOf(fabric, network, to, from);
  if (here === undefined || there === undefined || peer === undefined || back === undefined) return undefined;
  const isPossible = (plane: Plane): boolean =>
    planes[plane].obstacle(here, peer) === undefined && planes[plane].obstacle(there, back) === undefined;
  const carriers = ladderOf(network)
    .filter(isPossible)
    .map((plane): Carrier => planes[plane].carrier(fabric.ports, to));
  const [own] = fabric.subnets.get(network.name)?.get(from) ?? [];
  const [their] = peer.subnets;
  const foreign =
    carriers.includes("foreign") && own !== undefined && their !== undefined
      ? { device: peer.path.device, source: interned(firstAddress(own)), target: interned(firstAddress(their)) }
      : undefined;
  const { mtu } = peer.path;
  return {
    from,
    to,
    source: here.local,
    target: peer.address,
    carriers: shared(carriers.filter((carrier) => carrier !== "foreign" || foreign !== undefined)),
    mtu,
    likely: Math.min(mtu, back.path.mtu),
    foreign,
  };
};

/** Few are different, and hundreds of hosts have a hundred thousand ways. */
const shared = (carriers: readonly Carrier[]): readonly Carrier[] => {
  const text = carriers.join();
  const found = known.get(text) ?? carriers;
  if (known.size < 100) known.set(text, found);
  return found;
};

const known = new Map<string, readonly Carrier[]>();

const isKnown = (fabric: Fabric, way: Way): boolean => {
  const evidence = fabric.evidence(way.from, way.to);
  return (
    evidence !== undefined && isAbout(evidence, way) && way.carriers.every((carrier) => evidence.sizes.has(carrier))
  );
};
