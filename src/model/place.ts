import type { InventoryNetwork } from "../inventory/inventory.ts";
import type { Fabric } from "./fabric.ts";
import type { Facts } from "./facts.ts";
import { ownRoutes } from "./owned.ts";
import { pathTo } from "./paths.ts";
import type { Peer, Site } from "./planes/plane.ts";
import type { Route } from "./state.ts";

/** A network of the inventory at one host: its own site there, and the others with the way to each. */
export type Place = { readonly network: InventoryNetwork; readonly self: Site; readonly peers: readonly Peer[] };

/**
 * Peers are the other sites whose address is known and toward which the host has a way. A host that does not answer and has
 * no address in the inventory keeps the way it has: what stands toward it must not go because it cannot be asked.
 */
export const placeOf = (network: InventoryNetwork, fabric: Fabric, host: string, facts: Facts): Place => {
  const standing = new Map(ownRoutes(facts, fabric.inventory.name).map((route) => [route.destination, route]));
  const peers = [...network.blocks.keys()]
    .filter((other) => other !== host)
    .flatMap((other): readonly Peer[] => {
      const site = siteOf(network, fabric, other);
      if (site.address === "") return keptPeer(site, standing, facts);
      const path = pathTo(facts, site.address);
      return path === undefined ? [] : [{ ...site, path }];
    });
  return { network, self: siteOf(network, fabric, host), peers };
};

const siteOf = (network: InventoryNetwork, fabric: Fabric, host: string): Site => ({
  host,
  address: fabric.addresses.get(host) ?? "",
  subnets: fabric.subnets.get(network.name)?.get(host) ?? [],
});

const keptPeer = (site: Site, standing: ReadonlyMap<string, Route>, facts: Facts): readonly Peer[] => {
  const route = site.subnets.map((subnet) => standing.get(subnet)).find((found) => found !== undefined);
  if (route === undefined) return [];
  const mtu = facts.interfaces.find((i) => i.name === route.device)?.mtu ?? 1500;
  return [
    { ...site, address: route.via, path: { device: route.device, mtu, gateway: undefined, source: route.source } },
  ];
};
