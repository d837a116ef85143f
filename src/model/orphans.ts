import type { Fabric } from "./fabric.ts";
import type { Facts } from "./facts.ts";
import { bridgeName } from "./names.ts";
import { firstAddress } from "./place.ts";

/**
 * Bridges that Docker was making for a network of the project when it was ended: it knows nothing of them afterwards, and makes no network
 * beside them. Ours by their name, and by the gateway of this host's own block as their only address.
 */
export const orphanBridges = (fabric: Fabric, host: string, facts: Facts): readonly string[] =>
  fabric.inventory.networks.flatMap((network) => {
    const name = bridgeName(fabric.inventory.name, network.name);
    const found = facts.interfaces.find((each) => each.name === name);
    const [subnet] = fabric.subnets.get(network.name)?.get(host) ?? [];
    if (found?.type !== "bridge" || subnet === undefined || facts.networks.some((n) => n.bridge === name)) return [];
    const [only, more] = found.addresses;
    return more === undefined && only?.address === firstAddress(subnet) ? [name] : [];
  });
