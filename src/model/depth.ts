import type { NftTable, Ruleset } from "./depth-rules.ts";
import type { Interface } from "./facts.ts";

/** What a deep look at a host gives beyond its `Facts`: all that decides what becomes of a packet there. */
export type Depth = {
  /** The host's clock as it was looked at, in seconds since the epoch. */
  readonly clock: number;
  /** The host's own network namespace. */
  readonly own: Space;
  /** Running containers of Docker by their full id. */
  readonly containers: ReadonlyMap<string, ContainerDepth>;
  /** Devices with a queueing discipline that has thrown packets away or is made to (`tc -s qdisc`). */
  readonly qdiscs: readonly Qdisc[];
  /** Peers of every wireguard device of the host, not only of xhost's. */
  readonly wireguard: readonly WireguardPeerDepth[];
  /** What could not be seen: nothing follows from its absence. */
  readonly unseen: readonly Unseen[];
};

/** Something that was there and could not be read. */
export type Unseen = {
  /** The container's id where it is about one; then that container is not among those of the look. */
  readonly container: string | undefined;
  /** What, and why, as a sentence. */
  readonly what: string;
  /** The command on the host that shows more. */
  readonly command: string;
};

/** A running container: its process and its network namespace. One on the host's own network has the host's again. */
export type ContainerDepth = {
  /** Process id on the host. */
  readonly pid: number;
  readonly space: Space;
  /** The device of the host at the other end of each veth, by the container's device; others have no entry. */
  readonly peers: ReadonlyMap<string, string>;
  /** The same for veths whose other end is in another container; Docker makes none. */
  readonly neighbours?: ReadonlyMap<string, { readonly container: string; readonly device: string }> | undefined;
};

/** A network namespace as the kernel has it. */
export type Space = {
  readonly links: readonly DeepLink[];
  /** `ip rule`, in the order in which the kernel asks them. */
  readonly policies: readonly PolicyRule[];
  /** Routes of every table, unicast or not. */
  readonly routes: readonly DeepRoute[];
  /** IPv4 neighbours of any state. */
  readonly neighbours: readonly DeepNeighbour[];
  readonly fdb: readonly DeepFdb[];
  /** Value by `INTERFACE.KEY` below net.ipv4.conf, such as `all.rp_filter` or `eth0.forwarding`; a dot in a device's name stays one. And `bridge-nf-call-iptables`, where br_netfilter is loaded. */
  readonly conf: ReadonlyMap<string, string>;
  /** The variant that `iptables` is on this host. */
  readonly variant: "nft" | "legacy";
  /** Rules of the variant that `iptables` is on this host, which is what Docker uses. */
  readonly iptables: Ruleset;
  /** Rules of the other variant, where it has any: legacy beside nft, or nft beside legacy. They apply all the same. */
  readonly otherIptables: Ruleset;
  /** Tables that no variant of iptables has made, of the families that see IPv4 packets; empty where the program nft is missing. */
  readonly nft: readonly NftTable[];
};

export type DeepLink = Interface & {
  readonly index: number;
  /** Whether there is a carrier (LOWER_UP); `up` says that somebody has switched it on. */
  readonly carrier: boolean;
  /** The bridge, bond or VRF that it is a port of. */
  readonly master: string | undefined;
  /** For a veth: the index of its other end, in the other end's namespace; for a VLAN and its kin: of the device below, in this one. */
  readonly peerIndex: number | undefined;
  /** As a port of a bridge: forwarding, blocking, disabled and so on. */
  readonly portState: string | undefined;
  /** As a port of a bridge: passes nothing to the other isolated ones. */
  readonly isolated: boolean;
  /** As a port of a bridge: sends packets out again where they came in. */
  readonly hairpin: boolean;
  /** Of a bridge: whether it hands IPv4 packets between its ports to iptables, whatever the sysctl says. */
  readonly bridgeCallsIptables: boolean;
  /** Packets since the device was made. */
  readonly received: LinkCounts;
  readonly sent: LinkCounts;
};

export type LinkCounts = { readonly packets: number; readonly errors: number; readonly dropped: number };

/** A rule of `ip rule`. */
export type PolicyRule = {
  readonly priority: number;
  /** Networks in CIDR notation; undefined for all. */
  readonly source: string | undefined;
  readonly destination: string | undefined;
  readonly incoming: string | undefined;
  readonly outgoing: string | undefined;
  readonly mark: { readonly value: number; readonly mask: number } | undefined;
  /** Matches what the other fields say when false, the contrary when true. */
  readonly not: boolean;
  readonly action: "lookup" | "blackhole" | "unreachable" | "prohibit" | "other";
  /** Table as printed: `local`, `main`, `default` or a number. */
  readonly table: string | undefined;
  /** Routes of that prefix length or shorter do not count (`suppress_prefixlength`). */
  readonly suppressPrefix: number | undefined;
  /** Matches that a walk cannot judge, such as `uidrange` or `ipproto`. */
  readonly others: readonly string[];
  /** As `ip rule` words it, without the priority. */
  readonly text: string;
};

/** A route of any table. */
export type DeepRoute = {
  /** Table as in `PolicyRule`. */
  readonly table: string;
  readonly type:
    "unicast" | "local" | "broadcast" | "multicast" | "blackhole" | "unreachable" | "prohibit" | "throw" | "other";
  /** A default route is 0.0.0.0/0. */
  readonly destination: string;
  readonly device: string | undefined;
  readonly gateway: string | undefined;
  readonly source: string | undefined;
  /** Number as a text. */
  readonly protocol: string;
  readonly metric: number;
  readonly mtu: number | undefined;
  readonly onlink: boolean;
  /** `linkdown`, `dead`, `offload` and so on. */
  readonly flags: readonly string[];
  /** More than one next hop: `device` and `gateway` are the first one's. */
  readonly multipath: boolean;
};

export type DeepNeighbour = {
  readonly device: string;
  readonly address: string;
  /** Missing while it is asked for or has failed. */
  readonly mac: string | undefined;
  /** REACHABLE, STALE, DELAY, PROBE, PERMANENT, NOARP, INCOMPLETE, FAILED. */
  readonly state: string;
};

/** A forwarding entry of a bridge's port or of a vxlan device. */
export type DeepFdb = {
  readonly device: string;
  readonly mac: string;
  /** Underlay address behind it, of a vxlan device. */
  readonly destination: string | undefined;
  readonly master: string | undefined;
  readonly permanent: boolean;
};

export type Qdisc = {
  readonly device: string;
  /** netem, tbf, fq_codel and so on. */
  readonly kind: string;
  /** Packets thrown away so far. */
  readonly dropped: number;
  /** What it is made with, as `tc -j` has it. */
  readonly options: Readonly<Record<string, unknown>>;
};

export type WireguardPeerDepth = {
  readonly device: string;
  readonly publicKey: string;
  /** `address:port`; empty while none is known. */
  readonly endpoint: string;
  /** Seconds since the epoch by the host's clock; 0 for never. */
  readonly handshake: number;
  /** Bytes. */
  readonly received: number;
  readonly sent: number;
};
