import type { InventoryNetwork } from "./inventory.ts";
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
