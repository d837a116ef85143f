import type { NftTable } from "./depth-rules.ts";
import type { EvidenceFile } from "./evidence.ts";
import type { FdbEntry, Neighbour } from "./link.ts";
import type { Table } from "./state.ts";

/** An IPv4 address of an interface, with the prefix length of its network. */
export type InterfaceAddress = { readonly address: string; readonly prefix: number };

export type Interface = {
  readonly name: string;
  readonly mtu: number;
  readonly addresses: readonly InterfaceAddress[];
  readonly up: boolean;
  /** What `ip link set alias` said; ours carry their owner. */
  readonly alias?: string | undefined;
  /** Kind of a virtual device as in `ip link add type KIND`. */
  readonly type?: string | undefined;
  readonly mac?: string | undefined;
  /** What a tunnel device was made with; `remote` is undefined where it takes packets from anybody. */
  readonly tunnel?: Tunnel | undefined;
};

export type Tunnel = {
  readonly local: string | undefined;
  readonly remote: string | undefined;
  readonly vni: number | undefined;
  readonly port: number | undefined;
  readonly checksum: boolean | undefined;
};

/** A wireguard device, kernel or process; the private key is not part of what is read. */
export type WireguardDevice = {
  readonly name: string;
  readonly port: number;
  readonly publicKey: string;
  readonly peers: readonly {
    readonly publicKey: string;
    readonly endpoint: string;
    readonly allowed: readonly string[];
    readonly keepalive: number;
  }[];
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
  readonly onlink?: boolean | undefined;
  readonly mtu?: number | undefined;
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
  /** Names of networks among these that are gone or made anew since, which it cannot be started on. */
  readonly lost: readonly string[];
};

/** Rules of one chain, in order, as `iptables-save` prints them behind `-A CHAIN `; put together each time they are asked for. */
export type ChainRules = { readonly rules: readonly string[] };

/** One iptables table, by chain. */
export type TableRules = {
  readonly chains: ReadonlyMap<string, ChainRules>;
  readonly policies: ReadonlyMap<string, string>;
};

/** Sha256 of the files of a project that bring its state back, by path, and what systemd says of its unit. */
export type BootFacts = {
  readonly digests: ReadonlyMap<string, string>;
  readonly unit: string | undefined;
  /** Units of the project's names that somebody else has written. */
  readonly foreign?: readonly string[];
};

/** What was found on a host in one look; read-only and complete enough to plan from. */
export type Facts = {
  readonly engine: string;
  readonly kernel: string;
  /** Docker's firewall backend; engines before 28.1 do not tell and have only iptables. */
  readonly firewallBackend: string;
  /** Address of the host at which this SSH connection arrived, as the host sees it. */
  readonly sshAddress: string | undefined;
  /** Where that connection came from, as the host sees it: what its answers have to reach. */
  readonly sshPeer: string | undefined;
  readonly interfaces: readonly Interface[];
  readonly routes: readonly KernelRoute[];
  readonly tables: ReadonlyMap<Table, TableRules>;
  /** Tables of nft that are not iptables'. */
  readonly nft: readonly NftTable[];
  /** Whether the filter table really has its chain INPUT: iptables-nft makes it for the first rule, and shows it always. */
  readonly hasInputChain: boolean;
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
  /** Programs that only some hosts need or have, of those that are there. */
  readonly programs: ReadonlySet<string>;
  /** Kernel modules by name: `loaded` also where it is built in, `loadable` where modprobe finds it. */
  readonly modules: ReadonlyMap<string, "loaded" | "loadable" | "none">;
  /** Permanent IPv4 neighbours, and FDB entries of vxlan devices. */
  readonly neighbours: readonly Omit<Neighbour, "kind">[];
  readonly fdb: readonly Omit<FdbEntry, "kind">[];
  readonly wireguard: readonly WireguardDevice[];
  /** Public wireguard key by project. */
  readonly keys: ReadonlyMap<string, string>;
  /** What was measured on the ways to other hosts, by project. */
  readonly evidence: ReadonlyMap<string, EvidenceFile>;
  /** What became of a change by project: `armed` until somebody confirms it or the host takes it back, `undoing` meanwhile, then `undone WHEN`. */
  readonly unconfirmed: ReadonlyMap<string, string>;
  /** What brings a project's state back after a restart, by project. */
  readonly boot: ReadonlyMap<string, BootFacts>;
  /** Version of systemd where it runs. */
  readonly systemd: number | undefined;
  /** UDP ports that are taken on the host. */
  readonly udpPorts: ReadonlySet<number>;
  /** Whether Docker is part of a Swarm, whose overlay networks have UDP port 4789. */
  readonly swarm: boolean;
};
