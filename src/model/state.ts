import type { ContainerBody } from "./container-body.ts";

/** A Docker bridge network of ours. */
export type Network = {
  readonly kind: "network";
  readonly name: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly bridge: string;
  /** Bytes. */
  readonly mtu: number;
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
  /** Known for wanted containers only: what to create, and the same for people and logs. */
  readonly body?: ContainerBody;
  readonly shown?: ContainerBody;
  /** Known for those on a host only: volumes without a name of their own, data that a successor takes over. */
  readonly anonymous?: readonly { readonly name: string; readonly destination: string }[];
};

/** A route of ours; its protocol and metric follow from the project. */
export type Route = {
  readonly kind: "route";
  readonly destination: string;
  readonly via: string;
  readonly device: string;
  /** Source address for packets of the host itself; absent where the host's address is not on the device. */
  readonly source?: string | undefined;
};

export type Table = "raw" | "filter" | "nat";

/** An iptables chain of ours; rules as `iptables-save` prints them, behind `-A CHAIN `. */
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

/** An iptables table that has to be there; tables come into being with their first rule, and stay (iptables-nft). */
export type FirewallTable = {
  readonly kind: "table";
  readonly name: Table;
  readonly present: boolean;
  /** As of a sysctl; the value is always `absent`. */
  readonly previous?: string | undefined;
  readonly held?: string | undefined;
};

export type Resource = Network | Volume | Container | Route | Chain | Jump | Sysctl | FirewallTable;

/** What should exist on a host, or what of ours exists there: the plan is the difference of two of these. */
export type HostState = readonly Resource[];

/** Identity of a resource on its host, such as `network app`. */
export const keyOf = (resource: Resource): string => {
  switch (resource.kind) {
    case "route":
      return `route ${resource.destination}`;
    case "chain":
      return `chain ${resource.table} ${resource.name}`;
    case "jump":
      return `jump ${resource.table} ${resource.from} ${resource.to}`;
    case "sysctl":
      return `sysctl ${resource.key}`;
    case "network":
    case "volume":
    case "container":
    case "table":
      return `${resource.kind} ${resource.name}`;
  }
};
