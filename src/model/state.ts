import type { ContainerBody } from "./container-body.ts";
import type { FdbEntry, Link, Neighbour, WireguardPeer } from "./link.ts";

/** A Docker bridge network of ours. */
export type Network = {
  readonly kind: "network";
  readonly name: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly bridge: string;
  /** Bytes. */
  readonly mtu: number;
  /** Known for those on a host only: what has become of the bridge device behind Docker's back; `bare`: without its address. */
  readonly trouble?: "down" | "gone" | "bare" | undefined;
};

/** A named volume that containers of ours use; data, removed only on request. */
export type Volume = { readonly kind: "volume"; readonly name: string };

/** A container, compared by `settings`, by the image it runs and by whether it runs. */
export type Container = {
  readonly kind: "container";
  readonly name: string;
  readonly network: string;
  readonly image: string;
  /** What the image name stands for on this host; undefined while it is not there. */
  readonly imageId: string | undefined;
  /** Digest of each wanted setting, by its name in Docker's API. */
  readonly settings: Readonly<Record<string, string>>;
  readonly running: boolean;
  /** Known for those on a host only: whether it is paused, the networks it is on, and those it was on that are made anew since. */
  readonly paused?: boolean;
  readonly networks?: readonly string[];
  readonly lost?: readonly string[];
  /** Known for wanted containers only: what to create, the same for people and logs, and the fixed address. */
  readonly body?: ContainerBody;
  readonly shown?: ContainerBody;
  readonly address?: string | undefined;
  /** Known for those on a host only: volumes without a name of their own, data that a successor takes over. */
  readonly anonymous?: readonly { readonly name: string; readonly destination: string }[];
};

/** A route of ours; its protocol and metric follow from the project. */
export type Route = {
  readonly kind: "route";
  readonly destination: string;
  /** Next hop; undefined where the device itself knows where to send. */
  readonly via: string | undefined;
  readonly device: string;
  /** Source address for packets of the host itself; absent where the host's address is not on the device. */
  readonly source?: string | undefined;
  /** The next hop is no neighbour by any address of the device (ip-route(8) onlink): a tunnel takes it as the peer. */
  readonly onlink?: boolean | undefined;
  /** Bytes, where the way carries less than the device. */
  readonly mtu?: number | undefined;
};

/** A file of ours in the project's folder on the host. */
export type OwnFile = { readonly kind: "file"; readonly path: string; readonly content: string };

/** The wireguard key of the project on the host: made there, never read by anybody else. */
export type Key = {
  readonly kind: "key";
  readonly path: string;
  /** Whether it is one: a file that was cut short is not. */
  readonly whole: boolean;
};

/** A kernel module that has to be loaded. */
export type Module = {
  readonly kind: "module";
  readonly name: string;
  readonly present: boolean;
  /** As of a sysctl; the value is always `absent`. */
  readonly previous?: string | undefined;
  readonly held?: string | undefined;
};

export type Table = "raw" | "filter" | "nat";

/** An iptables chain of ours; rules as `iptables-save` prints them, behind `-A CHAIN `, put together each time they are asked for. */
export type Chain = {
  readonly kind: "chain";
  readonly table: Table;
  readonly name: string;
  readonly rules: readonly string[];
};

/** The one rule that leads into a chain of ours; wanted before every rule that is not xhost's. */
export type Jump = {
  readonly kind: "jump";
  readonly table: Table;
  readonly from: string;
  readonly to: string;
  /** Whether it comes before every foreign rule that may decide about the same packets. */
  readonly first: boolean;
  /** Such a rule that stands before it, of a jump that is there. */
  readonly ahead?: string | undefined;
  /** The rules of `from` that lead there, as `iptables-save` prints them; wanted is exactly one. */
  readonly rules: readonly string[];
};

/** A kernel setting; `previous` is what a change of ours replaced and `destroy` puts back. */
export type Sysctl = {
  readonly kind: "sysctl";
  readonly key: string;
  readonly value: string;
  readonly previous?: string | undefined;
  /** What it was before another project changed it that still stands on the host. */
  readonly held?: string | undefined;
};

/** An iptables table that has to be there, or the filter table's chain INPUT; they come into being with their first rule, and stay (iptables-nft). */
export type FirewallTable = {
  readonly kind: "table";
  readonly name: Table | "INPUT";
  readonly present: boolean;
  /** As of a sysctl; the value is always `absent`. */
  readonly previous?: string | undefined;
  readonly held?: string | undefined;
};

/** What brings the kernel's state back after a restart: files in the project's folder, and the systemd unit that runs them. */
export type Boot = {
  readonly kind: "boot";
  /** Sha256 of each of its files, by path. */
  readonly digests: ReadonlyMap<string, string>;
  /** `enabled` where the unit is run at the next start and has not failed, else what systemd says; undefined without a unit. */
  readonly unit: string | undefined;
  /** Known for the wanted one only: lines by path, and why no unit runs it. */
  readonly files?: ReadonlyMap<string, readonly string[]>;
  readonly lacking?: string | undefined;
};

export type Resource =
  | Network
  | Volume
  | Container
  | Route
  | Link
  | Neighbour
  | FdbEntry
  | WireguardPeer
  | Chain
  | Jump
  | Sysctl
  | FirewallTable
  | Module
  | OwnFile
  | Key
  | Boot;

/** What should exist on a host, or what of ours exists there: the plan is the difference of two of these. */
export type HostState = readonly Resource[];

type OfKind<K extends Resource["kind"]> = Extract<Resource, { kind: K }>;

const NAMES: { readonly [K in Resource["kind"]]: (resource: OfKind<K>) => string } = {
  network: (r) => r.name,
  volume: (r) => r.name,
  container: (r) => r.name,
  route: (r) => r.destination,
  link: (r) => r.name,
  neighbour: (r) => `${r.device} ${r.address}`,
  fdb: (r) => `${r.device} ${r.mac}`,
  peer: (r) => `${r.device} ${r.publicKey}`,
  chain: (r) => `${r.table} ${r.name}`,
  jump: (r) => `${r.table} ${r.from} ${r.to}`,
  sysctl: (r) => r.key,
  table: (r) => r.name,
  module: (r) => r.name,
  file: (r) => r.path,
  key: (r) => r.path,
  boot: () => "",
};

/** Identity of a resource on its host, such as `network app`. */
export const keyOf = <K extends Resource["kind"]>(resource: OfKind<K>): string =>
  `${resource.kind} ${(NAMES[resource.kind] as (r: OfKind<K>) => string)(resource)}`;

/** What is changed and not only added, so that what was before is written down. */
export type Remembered = Sysctl | FirewallTable | Module;

export const isRemembered = (resource: Resource): resource is Remembered =>
  resource.kind === "sysctl" || resource.kind === "table" || resource.kind === "module";
