/** What one variant of iptables has: chains by table, then by name. Tables: raw, mangle, nat, filter, security. */
export type Ruleset = ReadonlyMap<string, ReadonlyMap<string, RuleChain>>;

export type RuleChain = {
  readonly name: string;
  /** ACCEPT or DROP of a built-in chain. */
  readonly policy: string | undefined;
  /** Packets that came to the policy; 0 where the variant does not count them. */
  readonly packets: number;
  readonly rules: readonly Rule[];
};

/** A rule of iptables. */
export type Rule = {
  /** From 1, as `iptables -D CHAIN NUMBER` counts. */
  readonly number: number;
  /** As `iptables-save` prints it behind `-A CHAIN `. */
  readonly text: string;
  /** Packets that it matched. */
  readonly packets: number;
};

export type NftTable = {
  readonly family: "ip" | "inet" | "bridge" | "netdev";
  readonly name: string;
  readonly chains: readonly NftChain[];
  /** Elements of the named sets as `nft -j` has them, for lookups. */
  readonly sets: ReadonlyMap<string, readonly unknown[]>;
};

export type NftChain = {
  readonly name: string;
  /** Where a base chain is hooked in; undefined for one that others jump to. */
  readonly base:
    | {
        readonly type: string;
        readonly hook: string;
        /** Lower ones come first; iptables: raw -300, mangle -150, nat -100 (DNAT) and 100 (SNAT), filter 0. */
        readonly priority: number;
        readonly policy: "accept" | "drop";
        /** Of family netdev. */
        readonly device: string | undefined;
      }
    | undefined;
  readonly rules: readonly NftRule[];
};

export type NftRule = {
  /** For `nft delete rule FAMILY TABLE CHAIN handle N`. */
  readonly handle: number;
  /** Statements as `nft -j` has them, in order. */
  readonly statements: readonly unknown[];
  /** As `nft list` prints it. */
  readonly text: string;
  /** Packets, where the rule has a counter of its own. */
  readonly packets: number | undefined;
  readonly comment: string | undefined;
};
