import { aggregate, cidrOf, formatCidr } from "../cidr.ts";
import { interned } from "../interned.ts";
import type { FirewallMode } from "../inventory/inventory.ts";
import type { Facts } from "./facts.ts";
import { chainName, inputChainName, ruleComment } from "./names.ts";
import type { Resource, Table } from "./state.ts";

/** What the firewall must let through for one network at one host. */
export type Passage = {
  readonly mode: FirewallMode;
  readonly masquerade: boolean;
  readonly bridge: string;
  readonly local: readonly string[];
  /** Sources behind each device: the peers' subnets, and their own addresses where they masquerade. */
  readonly remote: ReadonlyMap<string, readonly string[]>;
  /** Ways that carry less than the Docker network believes, which xhost did not make and cannot change. */
  readonly narrow: readonly Narrow[];
  /** What hides the containers' addresses in tunnels, should they be hidden: the tunnel itself has no address. */
  readonly hidden: { readonly source: string; readonly devices: readonly string[] } | undefined;
};

/** Networks behind a device toward which packets may have so many bytes. */
export type Narrow = { readonly device: string; readonly remote: readonly string[]; readonly mtu: number };

/** Where a tunnel's packets come into the host. */
export type Entrance = {
  /** iptables match of the packets. */
  readonly match: string;
  /** The address that they are sent to. */
  readonly local: string;
  /** Addresses of the peers, sorted; undefined where a peer's cannot be known and the tunnel proves who sends. */
  readonly from: readonly string[] | undefined;
  /** Addresses from which another tunnel of the host, not xhost's, has such packets. */
  readonly others: readonly string[];
  /** Whether the tunnel hears at every address of the host, whatever its own is: a vxlan socket does (vxlan_create_sock). */
  readonly everywhere: boolean;
};

/**
 * Chains and jumps for all networks of the project at one host. What is needed follows the engine (moby, read at the tags
 * and measured): up to 27 only the FORWARD policy is in the way; from 28 raw PREROUTING drops what arrives for a
 * container's address from another device, before DOCKER-USER sees it. In nat an accept ahead of Docker's MASQUERADE keeps the
 * source address between hosts; packets to anywhere else fall through to it.
 */
export const firewall = (
  passages: readonly Passage[],
  entrances: readonly Entrance[],
  facts: Facts,
  project: string,
): readonly Resource[] => {
  const open = passages.filter((p) => p.mode !== "none" && p.remote.size > 0).map(aggregated);
  const forward = facts.tables.get("filter")?.chains.has("DOCKER-USER") === true ? "DOCKER-USER" : "FORWARD";
  const tables: readonly [Table, string, Rules][] = [
    ["raw", "PREROUTING", () => (dropsInRaw(facts.engine) ? open.flatMap(rawRules) : [])],
    ["filter", forward, () => [...open.flatMap(clampRules), ...open.flatMap(filterRules)]],
    ["nat", "POSTROUTING", () => open.flatMap(natRules)],
  ];
  return [
    ...tables.flatMap(([table, from, rules]) => chain({ table, from, name: chainName(project) }, rules, project)),
    ...chain(
      { table: "filter", from: "INPUT", name: inputChainName(project) },
      () => entrances.flatMap(inputRules),
      project,
    ),
  ];
};

/** Whether the engine drops packets from other hosts in raw PREROUTING: since 28.0 (moby, release notes of 28.0.0). */
export const dropsInRaw = (engine: string): boolean => Number.parseInt(engine, 10) >= 28;

type Hook = { readonly table: Table; readonly from: string; readonly name: string };

/** Without the comment that each of them carries. */
type Rules = () => readonly string[];

/** The rules are made when they are asked for: hundreds of hosts with some for each other one do not fit into memory all at once. */
const chain = ({ table, from, name }: Hook, rules: Rules, project: string): readonly Resource[] => {
  if (rules().length === 0) return [];
  const comment = `-m comment --comment ${ruleComment(project)}`;
  return [
    {
      ...{ kind: "chain", table, name },
      get rules() {
        return [...new Set(rules())].map((rule) => rule.replace("-j ", `${comment} -j `));
      },
    },
    { kind: "jump", table, from, to: name, first: true, rules: [`${comment} -j ${name}`] },
  ];
};

/**
 * Tunnel packets from the peers alone: a device without a fixed remote takes them from anybody, and what is inside could
 * pretend to come from the fabric. Another tunnel of the host keeps its own.
 */
const inputRules = ({ match, local, from, others, everywhere }: Entrance): readonly string[] =>
  from === undefined
    ? [`-d ${local}/32 ${match} -j ACCEPT`]
    : [
        ...aggregate(from.map((peer) => cidrOf(`${peer}/32`))).map(
          (peers) => `-s ${formatCidr(peers)} -d ${local}/32 ${match} -j ACCEPT`,
        ),
        ...others.map((other) => `-s ${other}/32 -d ${local}/32 ${match} -j RETURN`),
        `${everywhere ? "" : `-d ${local}/32 `}${match} -j DROP`,
      ];

/** Bytes of the IPv4 and TCP headers that a segment does not count (RFC 6691). */
const HEADERS = 40;

/** Both ends of a connection learn from the SYN packets how big segments may be; never bigger than they said (iptables-extensions(8)). */
const clampRules = ({ mode, narrow, bridge, local }: Passage): readonly string[] =>
  mode === "flush"
    ? []
    : narrow.flatMap(({ device, remote, mtu }) =>
        local.flatMap((mine) =>
          aggregate(remote.map(cidrOf)).flatMap((range) => {
            const theirs = formatCidr(range);
            const clamp = `-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss ${mtu - HEADERS}`;
            return [
              `-s ${theirs} -d ${mine} -i ${device} -o ${bridge} ${clamp}`,
              `-s ${mine} -d ${theirs} -i ${bridge} -o ${device} ${clamp}`,
            ];
          }),
        ),
      );

const rawRules = (p: Passage): readonly string[] =>
  p.mode === "flush"
    ? ["-j ACCEPT"]
    : each(p, (local, remote, device) => [`-s ${remote} -d ${local} -i ${device} -j ACCEPT`]);

/** Both ways, so that replies pass also where nothing else of the host accepts established flows. */
const filterRules = (p: Passage): readonly string[] =>
  p.mode === "flush"
    ? ["-j ACCEPT"]
    : each(p, (local, remote, device) => [
        `-s ${remote} -d ${local} -i ${device} -o ${p.bridge} -j ACCEPT`,
        `-s ${local} -d ${remote} -i ${p.bridge} -o ${device} -j ACCEPT`,
      ]);

/** On the way out and on the way in: a host that masquerades everything would hide the source on either. */
const natRules = (p: Passage): readonly string[] =>
  p.masquerade
    ? hidingRules(p)
    : each(p, (local, remote, device) => [
        `-s ${local} -d ${remote} -o ${device} -j ACCEPT`,
        `-s ${remote} -d ${local} -o ${p.bridge} -j ACCEPT`,
      ]);

/** Docker's MASQUERADE takes an address of the device, and for one without any it comes to (inet_select_addr). */
const hidingRules = (p: Passage): readonly string[] =>
  each(p, (local, remote, device) =>
    p.hidden?.devices.includes(device) === true
      ? [`-s ${local} -d ${remote} -o ${device} -j SNAT --to-source ${p.hidden.source}`]
      : [],
  );

type RulesOf = (local: string, remote: string, device: string) => readonly string[];

const each = (p: Passage, rules: RulesOf): readonly string[] =>
  p.local.flatMap((local) =>
    [...p.remote].flatMap(([device, remote]) => remote.flatMap((source) => rules(local, source, device))),
  );

/** With its sources in as few networks as possible. */
const aggregated = (p: Passage): Passage => ({
  ...p,
  remote: new Map(
    [...p.remote].map(([device, remote]) => [
      device,
      aggregate(remote.map(cidrOf)).map((range) => interned(formatCidr(range))),
    ]),
  ),
});
