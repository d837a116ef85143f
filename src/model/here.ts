import type { InventoryNetwork } from "../inventory/inventory.ts";
import type { Fabric } from "./fabric.ts";
import type { Here, Peer } from "./planes/plane.ts";

/** The host as the planes need it; undefined while it was not looked at. */
export const hereOf = (fabric: Fabric, host: string): Here | undefined => {
  const found = heresOf(fabric).get(host);
  if (found !== undefined) return found;
  const here = hereIn(fabric, host);
  if (here !== undefined) heresOf(fabric).set(host, here);
  return here;
};

/** What has been worked out of a fabric. */
const known = new WeakMap<Fabric, Map<string, Here>>();

const heresOf = (fabric: Fabric): Map<string, Here> => {
  const found = known.get(fabric);
  if (found !== undefined) return found;
  const made = new Map<string, Here>();
  known.set(fabric, made);
  return made;
};

const hereIn = (fabric: Fabric, host: string): Here | undefined => {
  const facts = fabric.sights.get(host)?.facts;
  if (facts === undefined) return undefined;
  const { name: project } = fabric.inventory;
  return { project, host, local: localAddress(fabric, host), facts, ports: fabric.ports };
};

/** The address that the others know where it is the host's own; behind a NAT, the one that packets to them leave with. */
const localAddress = ({ addresses, ports, paths }: Fabric, host: string): string => {
  const address = addresses.get(host) ?? "";
  if (ports.wireguard.get(host)?.isBehindNat !== true) return address;
  for (const [other, theirs] of addresses) {
    const source = other === host ? undefined : paths.get(host)?.(theirs)?.source;
    if (source !== undefined) return source;
  }
  return address;
};

/** The other host as it is seen from the first; undefined where no way leads there. */
export const peerOf = (fabric: Fabric, network: InventoryNetwork, from: string, to: string): Peer | undefined => {
  const address = fabric.addresses.get(to) ?? "";
  const path = fabric.paths.get(from)?.(address);
  return path && { host: to, address, subnets: fabric.subnets.get(network.name)?.get(to) ?? [], path };
};
