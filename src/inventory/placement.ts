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

/** Whether a container sees the others of its network by their own addresses: xhost sees to that, unless it is told not to. */
export const isSourceKept = ({ containers, networks }: Inventory, to: string): boolean => {
  const network = networks.find((n) => n.name === containers.find((c) => c.ref === to)?.network);
  return network !== undefined && !network.masquerade && network.firewall !== "none";
};
