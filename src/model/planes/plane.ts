import type { HostPath } from "../paths.ts";
import type { Resource } from "../state.ts";

/** A host as a data plane sees it: one network of the inventory, at one host. */
export type Site = {
  readonly host: string;
  /** Where the other hosts reach it. */
  readonly address: string;
  /** Blocks of the network there; several where an adopted Docker network has several. */
  readonly subnets: readonly string[];
};

/** Another site, and how packets get from here to its address. */
export type Peer = Site & { readonly path: HostPath };

/** A way to carry packets between sites, as a pure function; nothing here runs anything. */
export type DataPlane = {
  /** Bytes that the plane adds to each packet. */
  readonly overhead: number;
  /** What has to exist at `self` so that packets for the peers' subnets leave toward them. */
  readonly resources: (self: Site, peers: readonly Peer[]) => readonly Resource[];
  /** Device at `self` on which packets of that peer arrive and leave. */
  readonly device: (peer: Peer) => string;
  /** Why the plane cannot carry packets to that peer, undefined where nothing known speaks against it. */
  readonly obstacle: (peer: Peer) => string | undefined;
};
