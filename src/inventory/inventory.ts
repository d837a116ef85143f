import type { Service } from "./compose.ts";

/** How to reach a host: keys and meaning as in ssh_config(5), camelCase. What is not given, `ssh -G` decides. */
export type SshOptions = {
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly identityFile?: string | undefined;
  readonly proxyJump?: string | undefined;
  readonly proxyCommand?: string | undefined;
  readonly userKnownHostsFile?: string | undefined;
  readonly strictHostKeyChecking?: "yes" | "accept-new" | "no" | undefined;
};

/** A host as the inventory names it, defaults merged in. */
export type InventoryHost = {
  readonly name: string;
  readonly ssh: SshOptions;
  /** How to become root; absent: nothing for root, `sudo` for anybody else. */
  readonly become?: "none" | "sudo" | undefined;
  /** IPv4 address under which the other hosts reach this one; absent: its source address toward them. */
  readonly address?: string | undefined;
  readonly dockerSocket: string;
};

/** Where a host's block of a network comes from. */
export type BlockSource =
  | { readonly kind: "pool" }
  | { readonly kind: "subnet"; readonly subnet: string }
  | { readonly kind: "existing"; readonly dockerNetwork: string };

/** The ways to carry packets between hosts, leanest first: the order in which `auto` tries them. */
export const PLANES = ["route", "ipip", "vxlan", "wireguard"] as const;
export type Plane = (typeof PLANES)[number];
export type FirewallMode = "scoped" | "flush" | "none";

/** A network of the inventory: one Docker network per host, routed to each other. */
export type InventoryNetwork = {
  readonly name: string;
  readonly pool: string | undefined;
  readonly prefix: number;
  /** By host, in the order of the file. */
  readonly blocks: ReadonlyMap<string, BlockSource>;
  readonly plane: Plane | "auto";
  /** Nothing leaves a host in the clear: only wireguard will do. */
  readonly encrypt: boolean;
  readonly firewall: FirewallMode;
  readonly masquerade: boolean;
};

/** One container on one host. */
export type InventoryContainer = {
  /** Name on the host, the inventory's key. */
  readonly name: string;
  /** How checks and messages call it: `web`, or `db@h1` where the key runs on several hosts. */
  readonly ref: string;
  readonly host: string;
  readonly network: string;
  readonly address: string | undefined;
  readonly service: Service;
  /** What people and logs get to see of it: no value of its environment, and `${NAME}` where a variable stood. */
  readonly shown: Service;
};

export type Probe =
  | { readonly kind: "ping" }
  | { readonly kind: "tcp"; readonly port: number }
  | { readonly kind: "http"; readonly url: string; readonly status: number };

/** A check between two containers, by their refs. */
export type Check = { readonly from: string; readonly to: string; readonly probe: Probe };

/** The inventory with defaults filled in; consistent in itself, unchecked against the hosts. */
export type Inventory = {
  /** Path of the file as the user gave it, for messages. */
  readonly file: string;
  readonly name: string;
  readonly hosts: readonly InventoryHost[];
  readonly networks: readonly InventoryNetwork[];
  readonly containers: readonly InventoryContainer[];
  readonly checks: readonly Check[];
};
