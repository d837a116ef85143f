import type { Check } from "../inventory/inventory.ts";
import { dockerNetworkOf } from "../inventory/placement.ts";
import type { Fabric } from "../model/fabric.ts";
import { crossingOf } from "../model/pairs.ts";

/**
 * Bytes of the biggest packet that a check's way should carry whole and that its container may send: its device has the MTU of the
 * worst way from its host. Undefined where it is not known.
 */
export const fullSize = (fabric: Fabric, check: Check): number | undefined => {
  const { containers, networks } = fabric.inventory;
  const [from, to] = [check.from, check.to].map((ref) => containers.find((c) => c.ref === ref));
  const network = networks.find((n) => n.name === to?.network);
  if (from === undefined || to === undefined || network === undefined || from.network !== to.network) return undefined;
  const name = dockerNetworkOf(network, from.host);
  const docker = fabric.sights.get(from.host)?.facts?.networks.find((n) => n.name === name);
  if (from.host === to.host) return docker?.mtu;
  const mtuTo = (host: string): number | undefined => crossingOf(fabric, network, from.host, host)?.mtu;
  if (mtuTo(to.host) === undefined) return undefined;
  const others = [...network.blocks.keys()].filter((host) => host !== from.host);
  return Math.min(...others.flatMap((host) => mtuTo(host) ?? []), docker?.mtu ?? Infinity);
};
