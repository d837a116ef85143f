/** What a scenario may be called. */
export const NAME = /^[a-z][a-z0-9-]{0,19}$/;

/** A lab of the tutorials as its file declares it: checked in itself, with defaults filled in. */
export type Scenario = {
  /** Path of the file as the user gave it, or `scenarios/NAME.yml` of this package. */
  readonly file: string;
  readonly name: string;
  /** One line. */
  readonly title: string;
  /** Markdown: what the reader learns here. */
  readonly about: string;
  readonly needs: Needs;
  readonly nodes: readonly Node[];
  readonly links: readonly Link[];
  readonly checks: readonly Check[];
  readonly breaks: readonly Break[];
};

/** What a host has to have, beyond what its links and nodes need anyway. */
export type Needs = {
  /** Kernel modules, loaded or loadable. */
  readonly modules: readonly string[];
  readonly programs: readonly string[];
};

/** `netns` a network namespace of that name; `host` the host's own; `bridge` a Linux bridge and `ovs-bridge` one of Open vSwitch, in the host's own. */
export type NodeKind = "netns" | "host" | "bridge" | "ovs-bridge";

export type Node = {
  readonly name: string;
  readonly kind: NodeKind;
  /** Of a bridge: its own address, `10.1.1.1/24`. */
  readonly ipv4: string | undefined;
  readonly routes: readonly NodeRoute[];
  readonly sysctls: ReadonlyMap<string, string>;
  /** What follows `iptables`, with -A or -I: `-t nat -A POSTROUTING ... -j MASQUERADE`. */
  readonly rules: readonly Told[];
  readonly exec: readonly Exec[];
};

export type NodeRoute = {
  /** Network in CIDR notation, or `default`. */
  readonly to: string;
  readonly via: string | undefined;
  readonly device: string | undefined;
  readonly why: string | undefined;
};

/** Text for a program, and why it is said; undefined: what xhost says of it. */
export type Told = { readonly text: string; readonly why: string | undefined };

/** A shell command of the file's own, in a node. */
export type Exec = {
  readonly in: string;
  readonly run: string;
  /** Takes it back, also where it failed half-way; undefined where nothing is left of it. */
  readonly undo: string | undefined;
  readonly why: string;
};

/** A device at one end of a link. */
export type End = {
  readonly node: string;
  readonly interface: string;
  /** `10.1.1.2/24`. */
  readonly ipv4: string | undefined;
  readonly mac: string | undefined;
};

export type TunnelEnd = End & {
  /** Inner address of the other end. */
  readonly peer: string;
  /** Addresses of the outer header. */
  readonly local: string;
  readonly remote: string;
};

export type Link =
  | {
      readonly type: "veth";
      readonly ends: readonly [End, End];
      readonly mtu: number | undefined;
      /** Both ends are made where they belong by one command, instead of in the host's namespace and then moved. */
      readonly inPlace: boolean;
    }
  | { readonly type: "ipip"; readonly ends: readonly [TunnelEnd, TunnelEnd]; readonly mtu: number | undefined }
  /** A process of ours holds the device open, and answers pings to any address but the device's own. */
  | Device;

export type Device = { readonly type: "tun" | "tap"; readonly end: End; readonly mtu: number | undefined };

/** Something that has to hold, and the sentence that says so. `expect: "fails"`: it must not. */
export type Check = { readonly claim: string; readonly expect: "passes" | "fails" } & Probe;

export type Ping = {
  /** Node that sends. */
  readonly from: string;
  readonly to: string;
  /** Time to live that the answer has to have left. */
  readonly ttl: number | undefined;
  /** Bytes of payload, unfragmented. */
  readonly size: number | undefined;
};

export type Tcp = {
  readonly from: string;
  /** Address and port that are asked. */
  readonly to: string;
  readonly port: number;
  /** Who listens meanwhile: a small process of ours that answers with the address that it sees the client under. */
  readonly listener: { readonly node: string; readonly port: number };
  /** The address under which the listener has to see the client. */
  readonly seenFrom: string | undefined;
};

export type Probe =
  | { readonly kind: "ping"; readonly ping: Ping }
  | { readonly kind: "tcp"; readonly tcp: Tcp }
  | {
      /** Output of a command in a node, against a regular expression (multi-line); `lacks` the contrary. */
      readonly kind: "run";
      readonly in: string;
      readonly run: string;
      readonly matches: string | undefined;
      readonly lacks: string | undefined;
    }
  /** Two ends of one veth pair, told from their interface indexes. */
  | { readonly kind: "peer"; readonly of: Place; readonly is: Place }
  | {
      /** What is seen at a device while a ping goes on; lines as `xhost capture` prints them without their time. */
      readonly kind: "capture";
      /** `any` for all devices of the node. */
      readonly at: Place;
      readonly filter: string | undefined;
      readonly during: Ping;
      /** Each has to be in a line; none: nothing may be seen at all. */
      readonly sees: readonly string[];
    }
  /** The bridge has learned the addresses of these ends, each behind its own port. */
  | { readonly kind: "fdb"; readonly bridge: string; readonly has: readonly Place[] };

/** A device of a node, `ns1:veth0` in the file. */
export type Place = { readonly node: string; readonly interface: string };

/** A way to break it, and what has to be seen then. */
export type Break = {
  readonly name: string;
  readonly title: string;
  /** Kernel modules that it takes. */
  readonly modules: readonly string[];
  /** What becomes different on the host: sysctls, rules, and commands anywhere. */
  readonly host: Node;
  /** Claims of the checks that have to fail meanwhile. */
  readonly fails: readonly string[];
  /** What the walk through the kernel's state has to name. */
  readonly cause: {
    /** As the walk calls the point: `net.ipv4.ip_forward = 0`, a rule, a policy; a regular expression. */
    readonly matches: string;
    /** What the reader should learn of it. */
    readonly why: string;
  };
};
