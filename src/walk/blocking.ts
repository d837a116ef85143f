import { dockerNetworkOf } from "../inventory/placement.ts";
import type { Fabric } from "../model/fabric.ts";
import { allSubnets } from "./accept.ts";
import { deciderText, type Hop } from "./hop.ts";
import { request, type Packet } from "./packet.ts";
import { isOurs, removal } from "./removal.ts";
import { walkBoth } from "./walk.ts";
import type { Place, World } from "./world.ts";

/** Something on a host that drops the fabric's packets, or may. */
export type Blocking = {
  readonly host: string;
  readonly hop: Hop;
  /** A way that it is in, by the refs of its containers. */
  readonly from: string;
  readonly to: string;
  readonly packet: Packet;
  /** Command for the host that takes it away; undefined where nothing is there to be taken away. */
  readonly remedy: string | undefined;
  /** Whether xhost made it itself. */
  readonly isOurs: boolean;
};

/**
 * What drops packets between containers of the inventory on any host that was looked at deeply, each thing once: for every network and pair
 * of hosts one container of each, there and back. `unknown` ones are among them where `doubtful` is set.
 */
export const blockingRules = (
  fabric: Fabric,
  world: World,
  { doubtful = false }: { readonly doubtful?: boolean } = {},
): readonly Blocking[] => {
  const found = new Map<string, Blocking>();
  const subnets = allSubnets(fabric);
  for (const { from, to } of waysOf(fabric, world)) {
    const packet = request({ source: from.address, destination: to.address });
    const { there, back } = walkBoth(world, { from: from.place, packet });
    for (const hop of [...there.hops, ...(back?.hops ?? [])]) {
      if (hop.verdict === "passes" || (hop.verdict === "unknown" && !doubtful)) continue;
      const key = `${hop.host} ${hop.container ?? ""} ${deciderText(hop.decides)}`;
      if (found.has(key)) continue;
      const ours = isOurs(hop, fabric.inventory.name);
      const remedy = removal(hop, { subnets });
      found.set(key, { host: hop.host, hop, from: from.ref, to: to.ref, packet, remedy, isOurs: ours });
    }
  }
  return [...found.values()];
};

/** A container that runs, as a walk needs it. */
export type WalkEnd = { readonly ref: string; readonly place: Place; readonly address: string };

/** Where a container of the inventory is; undefined where it does not run, or its host was not looked at. */
export const walkEnd = (fabric: Fabric, world: World, ref: string): WalkEnd | undefined => {
  const wanted = fabric.inventory.containers.find((c) => c.ref === ref);
  const network = fabric.inventory.networks.find((n) => n.name === wanted?.network);
  const seen = world.get(wanted?.host ?? "");
  if (wanted === undefined || network === undefined || seen === undefined) return undefined;
  const container = seen.facts.containers.find((c) => c.name === wanted.name);
  const address = container?.addresses[dockerNetworkOf(network, wanted.host)] ?? "";
  if (container === undefined || address === "" || !seen.depth.containers.has(container.id)) return undefined;
  return { ref, place: { host: wanted.host, container: container.id }, address };
};

/** One way for each network and ordered pair of its hosts. */
const waysOf = (fabric: Fabric, world: World): readonly { readonly from: WalkEnd; readonly to: WalkEnd }[] =>
  fabric.inventory.networks.flatMap((network) => {
    const ends = new Map<string, WalkEnd>();
    for (const { ref, host } of fabric.inventory.containers.filter((c) => c.network === network.name)) {
      const end = ends.has(host) ? undefined : walkEnd(fabric, world, ref);
      if (end !== undefined) ends.set(host, end);
    }
    const all = [...ends.values()];
    return all.flatMap((from) => all.filter((to) => to !== from).map((to) => ({ from, to })));
  });
