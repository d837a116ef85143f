import type { Carrier } from "../evidence.ts";
import type { Facts } from "../facts.ts";
import type { HostPath } from "../paths.ts";
import type { Ports } from "../ports.ts";
import type { LinkType } from "../link.ts";
import type { Resource } from "../state.ts";

/** A host's part of a network: where the other hosts reach it, and the addresses its containers have. */
export type Site = {
  readonly host: string;
  readonly address: string;
  /** Its block, or what an adopted Docker network has: that may have several. */
  readonly subnets: readonly string[];
};

/** Another site, and how packets get from here to its address. */
export type Peer = Site & { readonly path: HostPath };

/** The way from a host to one peer in one network. */
export type Leg = {
  readonly peer: Peer;
  /** Bytes that a packet between containers may have on it. */
  readonly mtu: number;
  /** The host's own address in its block: what its own packets carry through a tunnel, so that the answers come back by it. */
  readonly gateway: string | undefined;
};

/** The host that a plane is laid out for. */
export type Here = {
  readonly project: string;
  readonly host: string;
  /** Own underlay address, on an interface. */
  readonly local: string;
  readonly facts: Facts;
  readonly ports: Ports;
};

/** A way to carry packets between sites, as pure functions; nothing here runs anything. */
export type DataPlane = {
  /** Bytes that the plane adds to each packet. */
  readonly overhead: number;
  /** What the fabric has to pass toward that host. */
  readonly carrier: (ports: Ports, toward: string) => Carrier;
  /** What has to exist on the host so that packets leave on those legs; they are of all networks at once. */
  readonly resources: (here: Here, legs: readonly Leg[]) => readonly Resource[];
  /** Device on which packets of that peer arrive and leave. */
  readonly device: (project: string, peer: Peer) => string;
  /** Type of that device, where it is the plane's own. */
  readonly link?: LinkType;
  /** Why the plane cannot carry packets from here to that peer, undefined where nothing known speaks against it. */
  readonly obstacle: (here: Here, peer: Peer) => string | undefined;
  /** iptables match of the tunnel's packets as they come in; undefined where there is none. */
  readonly arriving?: (ports: Ports, host: string) => string;
};
