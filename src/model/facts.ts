import type { Table } from "./state.ts";

/** An IPv4 address of an interface, with the prefix length of its network. */
export type InterfaceAddress = { readonly address: string; readonly prefix: number };

export type Interface = {
  readonly name: string;
  readonly mtu: number;
  readonly addresses: readonly InterfaceAddress[];
};

/** A unicast IPv4 route of the main table as `ip -j route` tells it; `default` is 0.0.0.0/0. */
export type KernelRoute = {
  readonly destination: string;
  readonly device: string | undefined;
  readonly gateway?: string | undefined;
  readonly source?: string | undefined;
  /** Number or name, as printed. */
  readonly protocol: string;
  readonly metric: number;
};

/** A Docker network, ours or not. */
export type DockerNetwork = {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** IPv4 subnets. */
  readonly subnets: readonly string[];
  readonly gateway: string | undefined;
  /** The bridge's device name, where the driver is bridge. */
  readonly bridge: string;
  readonly mtu: number;
  readonly labels: Readonly<Record<string, string>>;
};

/** A container, ours or not. */
export type DockerContainer = {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  /** Docker's word: created, running, paused, restarting, removing, exited, dead. */
  readonly state: string;
  /** Docker's sentence about it, such as `Up 2 hours` or `Exited (1) 5 seconds ago`. */
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Volumes that were made without a name: Docker names them with 64 hex digits. */
  readonly anonymous: readonly { readonly name: string; readonly destination: string }[];
  /** IPv4 address by network name; empty while it does not run. */
  readonly addresses: Readonly<Record<string, string>>;
};

/** Rules of one iptables table by chain, in order, as `iptables-save` prints them behind `-A CHAIN `. */
export type TableRules = {
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly policies: ReadonlyMap<string, string>;
};

/** What was found on a host in one look; read-only and complete enough to plan from. */
export type Facts = {
  readonly engine: string;
  readonly kernel: string;
  /** Docker's firewall backend; engines before 28.1 do not tell and have only iptables. */
  readonly firewallBackend: string;
  /** Address of the host at which this SSH connection arrived, as the host sees it. */
  readonly sshAddress: string | undefined;
  readonly interfaces: readonly Interface[];
  readonly routes: readonly KernelRoute[];
  readonly tables: ReadonlyMap<Table, TableRules>;
  readonly networks: readonly DockerNetwork[];
  readonly containers: readonly DockerContainer[];
  readonly volumes: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
  /** Image id by every name and digest it has. */
  readonly images: ReadonlyMap<string, string>;
  readonly sysctls: ReadonlyMap<string, string>;
  /** What every project on the host wrote down before it changed it: project, then key, then value. */
  readonly before: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Programs that xhost needs and the host lacks. */
  readonly missing: readonly string[];
};
