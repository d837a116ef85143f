import type { Inventory, InventoryNetwork } from "./inventory.ts";
import type { Written } from "./schema.ts";

type WrittenContainer = NonNullable<Written["containers"]>[string];

/** The hosts a container is written for, `all` spelled out; none where neither key is there. */
export const hostsOf = ({ host, hosts }: WrittenContainer, all: readonly string[]): readonly string[] =>
  host !== undefined ? [host] : hosts === "all" ? all : (hosts ?? []);

/** The name a network of the inventory has in the Docker of a host: its own, or that of the one it adopts. */
export const dockerNetworkOf = (network: InventoryNetwork, host: string): string => {
  const source = network.blocks.get(host);
  return source?.kind === "existing" ? source.dockerNetwork : network.name;
};

/** Whether containers of a network see the others of it by their own addresses: xhost sees to that, unless it is told not to. */
export const keepsSource = (network: InventoryNetwork | undefined): boolean =>
  network !== undefined && !network.masquerade && network.firewall !== "none";

/** The same of the network that a container is in. */
export const isSourceKept = ({ containers, networks }: Inventory, to: string): boolean => {
  const key = containers.find((c) => c.ref === to)?.network;
  return keepsSource(networks.find((n) => n.name === key));
};
