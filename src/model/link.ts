export type LinkType = "ipip" | "vxlan" | "wireguard";

/** A tunnel device of ours; one per plane and host, whatever the number of peers. */
export type Link = {
  readonly kind: "link";
  readonly name: string;
  readonly type: LinkType;
  /** Bytes. */
  readonly mtu: number;
  readonly up: boolean;
  /** Own underlay address of an ipip or vxlan device. */
  readonly local?: string | undefined;
  readonly vni?: number | undefined;
  /** UDP port of a vxlan or wireguard device. */
  readonly port?: number | undefined;
  readonly mac?: string | undefined;
  /** Whether a vxlan device fills in the checksum of its outer UDP header. */
  readonly checksum?: boolean | undefined;
  /** Public key of a wireguard device. */
  readonly publicKey?: string | undefined;
  /** Whether wireguard runs as a process, wireguard-go, for want of the kernel module. */
  readonly userspace?: boolean | undefined;
};

/** The Ethernet address behind a next hop on a vxlan device; permanent, nobody is asked. */
export type Neighbour = {
  readonly kind: "neighbour";
  readonly device: string;
  readonly address: string;
  readonly mac: string;
};

/** The host behind an Ethernet address on a vxlan device. */
export type FdbEntry = {
  readonly kind: "fdb";
  readonly device: string;
  readonly mac: string;
  readonly destination: string;
};

/** A peer of a wireguard device. */
export type WireguardPeer = {
  readonly kind: "peer";
  readonly device: string;
  readonly publicKey: string;
  /** `address:port`. */
  readonly endpoint: string;
  /** Whether the peer's packets come from another address than its endpoint, so that the kernel follows it there. */
  readonly roams: boolean;
  /** Networks behind it, sorted. */
  readonly allowed: readonly string[];
  /** Seconds between packets that keep a NAT in between open; 0 for none. */
  readonly keepalive: number;
};
