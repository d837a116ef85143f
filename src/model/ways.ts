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
  const wanted = new Map<string, Way>();
  for (const way of fabric.inventory.networks.flatMap((network) => waysOf(fabric, network, matters))) {
    const key = `${way.from} ${way.to}`;
    const known = wanted.get(key);
    const carriers = [...new Set([...(known?.carriers ?? []), ...way.carriers])];
    wanted.set(key, { ...way, foreign: known?.foreign ?? way.foreign, carriers });
  }
  const all = [...wanted.values()].filter((way) => way.carriers.length > 0);
  if (again) return all;
  // Both ways of a pair or none: what is known of one way is as old as the pair's plane and MTU.
  const unknown = new Set(
    all.filter((way) => !isKnown(fabric, way)).flatMap(({ from, to }) => [`${from} ${to}`, `${to} ${from}`]),
  );
  return all.filter(({ from, to }) => unknown.has(`${from} ${to}`));
};

const waysOf = (fabric: Fabric, network: Network, matters: (from: string, to: string) => boolean): readonly Way[] => {
  const hosts = [...network.blocks.keys()];
  return hosts.flatMap((from) =>
    hosts.filter((to) => from !== to && matters(from, to)).flatMap((to) => wayOf(fabric, network, from, to) ?? []),
  );
};

type Network = Fabric["inventory"]["networks"][number];

const wayOf = (fabric: Fabric, network: Network, from: string, to: string): Way | undefined => {
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
      ? { device: peer.path.device, source: firstAddress(own), target: firstAddress(their) }
      : undefined;
  const { mtu } = peer.path;
  return {
    from,
    to,
    source: here.local,
    target: peer.address,
    carriers: carriers.filter((carrier) => carrier !== "foreign" || foreign !== undefined),
    mtu,
    likely: Math.min(mtu, back.path.mtu),
    foreign,
  };
};

const isKnown = (fabric: Fabric, way: Way): boolean => {
  const evidence = fabric.evidence.get(way.from)?.get(way.to);
  return (
    evidence !== undefined && isAbout(evidence, way) && way.carriers.every((carrier) => evidence.sizes.has(carrier))
  );
};
