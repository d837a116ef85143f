import { block, cidrOf, formatIp } from "../cidr.ts";
import type { InventoryNetwork, Plane } from "../inventory/inventory.ts";
import { adopted, type Fabric } from "./fabric.ts";
import type { Facts } from "./facts.ts";
import { linkName } from "./names.ts";
import { ownRoutes } from "./owned.ts";
import { hereOf, peerOf } from "./here.ts";
import { crossingOf } from "./pairs.ts";
import { planes } from "./planes/index.ts";
import type { Here, Leg, Site } from "./planes/plane.ts";
import type { Route } from "./state.ts";

/** A leg with the plane that it goes by. */
export type PlannedLeg = Leg & { readonly plane: Plane };

/** A network of the inventory at one host: its own site there, and the ways to the others. */
export type Place = {
  readonly network: InventoryNetwork;
  readonly self: Site;
  readonly legs: readonly PlannedLeg[];
  /** Whether a way to every other host of the network is known, and what it carries. */
  readonly isComplete: boolean;
};

/**
 * Legs lead to the other sites for which a plane is chosen. What stands toward a host that cannot be asked must not go because of
 * that: its leg keeps the plane that its route has.
 */
export const placeOf = (network: InventoryNetwork, fabric: Fabric, host: string, facts: Facts): Place => {
  const here = hereOf(fabric, host);
  if (here === undefined) throw new TypeError(`${host} was not looked at`);
  const standing = new Map(ownRoutes(facts, fabric.inventory.name).map((route) => [route.destination, route]));
  const self = siteOf(network, fabric, host);
  const gateway = gatewayOf(network, fabric, host);
  const legs: PlannedLeg[] = [];
  let isComplete = network.blocks.size > 1;
  for (const other of network.blocks.keys()) {
    if (other === host) continue;
    const crossing = crossingOf(fabric, network, host, other);
    const peer = peerOf(fabric, network, host, other);
    if (crossing?.mtu === undefined) isComplete = false;
    if (crossing?.plane !== undefined && crossing.mtu !== undefined && peer !== undefined)
      legs.push({ plane: crossing.plane, mtu: crossing.mtu, peer, gateway });
    else
      legs.push(
        ...keptLeg(here, { network, site: siteOf(network, fabric, other), gateway, standing, path: peer?.path }),
      );
  }
  return { network, self, legs, isComplete };
};

const siteOf = (network: InventoryNetwork, fabric: Fabric, host: string): Site => ({
  host,
  address: fabric.addresses.get(host) ?? "",
  subnets: fabric.subnets.get(network.name)?.get(host) ?? [],
});

/** The host's own address in its block: the first, or what the bridge of an adopted network has; Docker tells that only where it was given. */
const gatewayOf = (network: InventoryNetwork, fabric: Fabric, host: string): string | undefined => {
  const facts = fabric.sights.get(host)?.facts;
  const docker = adopted(network, host, facts);
  const subnet = fabric.subnets.get(network.name)?.get(host)?.[0];
  if (docker === undefined) return subnet === undefined ? undefined : firstAddress(subnet);
  return facts?.interfaces.find(({ name }) => name === docker.bridge)?.addresses[0]?.address ?? docker.gateway;
};

/** The address that the bridge of a block has. */
export const firstAddress = (subnet: string): string => formatIp(block(cidrOf(subnet), 32, 1).base);

type Kept = {
  readonly network: InventoryNetwork;
  readonly site: Site;
  readonly gateway: string | undefined;
  readonly standing: ReadonlyMap<string, Route>;
  readonly path: Leg["peer"]["path"] | undefined;
};

const keptLeg = (here: Here, { network, site, gateway, standing, path }: Kept): readonly PlannedLeg[] => {
  const route = site.subnets.map((subnet) => standing.get(subnet)).find((found) => found !== undefined);
  if (route === undefined) {
    if (network.plane === "auto" || network.encrypt || path === undefined) return [];
    const mtu = path.mtu - planes[network.plane].overhead;
    return [{ plane: network.plane, mtu, peer: { ...site, path }, gateway }];
  }
  const mtu = here.facts.interfaces.find((i) => i.name === route.device)?.mtu ?? 1500;
  const plane = planeOfDevice(here.project, route.device);
  // In the clear is no way to keep, though somebody might still listen at its end.
  if (network.encrypt && plane !== "wireguard") return [];
  const kept = path ?? { device: route.device, mtu, gateway: undefined, source: route.source };
  const address = site.address === "" ? (route.via ?? endpointOf(here, route.device, site) ?? "") : site.address;
  const peer = { ...site, address, path: kept };
  return [{ plane, mtu: route.mtu ?? mtu, peer, gateway }];
};

/** The underlay address of a wireguard peer, which its routes do not name. */
const endpointOf = ({ facts }: Here, device: string, { subnets }: Site): string | undefined =>
  facts.wireguard
    .find(({ name }) => name === device)
    ?.peers.find(({ allowed }) => allowed.some((network) => subnets.includes(network)))
    ?.endpoint.split(":")[0];

const planeOfDevice = (project: string, device: string): Plane =>
  (["ipip", "vxlan", "wireguard"] as const).find((type) => linkName(project, type) === device) ?? "route";
