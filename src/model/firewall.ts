import { aggregate, cidrOf, formatCidr } from "../cidr.ts";
import type { FirewallMode } from "../inventory/inventory.ts";
import type { Facts } from "./facts.ts";
import { chainName, ruleComment } from "./names.ts";
import type { Resource, Table } from "./state.ts";

/** What the firewall must let through for one network at one host. */
export type Passage = {
  readonly mode: FirewallMode;
  readonly masquerade: boolean;
  readonly bridge: string;
  readonly local: readonly string[];
  /** Sources behind each device: the peers' subnets, and their own addresses where they masquerade. */
  readonly remote: ReadonlyMap<string, readonly string[]>;
};

/**
 * Chains and jumps for all networks of the project at one host. What is needed follows the engine (moby, read at the tags
 * and measured): up to 27 only the FORWARD policy is in the way; from 28 raw PREROUTING drops what arrives for a
 * container's address from another device, before DOCKER-USER sees it. In nat an accept ahead of Docker's MASQUERADE keeps the
 * source address between hosts; packets to anywhere else fall through to it.
 */
export const firewall = (passages: readonly Passage[], facts: Facts, project: string): readonly Resource[] => {
  const open = passages.filter((p) => p.mode !== "none" && p.remote.size > 0);
  const forward = facts.tables.get("filter")?.chains.has("DOCKER-USER") === true ? "DOCKER-USER" : "FORWARD";
  const tables: readonly [Table, string, readonly string[]][] = [
    ["raw", "PREROUTING", dropsInRaw(facts.engine) ? open.flatMap(rawRules) : []],
    ["filter", forward, open.flatMap(filterRules)],
    ["nat", "POSTROUTING", open.flatMap(natRules)],
  ];
  return tables.flatMap(([table, from, rules]) => (rules.length === 0 ? [] : chain(table, from, rules, project)));
};

/** Whether the engine drops packets from other hosts in raw PREROUTING: since 28.0 (moby, release notes of 28.0.0). */
export const dropsInRaw = (engine: string): boolean => Number.parseInt(engine, 10) >= 28;

const chain = (table: Table, from: string, rules: readonly string[], project: string): readonly Resource[] => {
  const name = chainName(project);
  const commented = [...new Set(rules)].map((rule) =>
    rule.replace("-j ", `-m comment --comment ${ruleComment(project)} -j `),
  );
  return [
    { kind: "chain", table, name, rules: commented },
    {
      kind: "jump",
      table,
      from,
      to: name,
      first: true,
      rules: [`-m comment --comment ${ruleComment(project)} -j ${name}`],
    },
  ];
};

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
    ? []
    : each(p, (local, remote, device) => [
        `-s ${local} -d ${remote} -o ${device} -j ACCEPT`,
        `-s ${remote} -d ${local} -o ${p.bridge} -j ACCEPT`,
      ]);

type Rules = (local: string, remote: string, device: string) => readonly string[];

const each = (p: Passage, rules: Rules): readonly string[] =>
  p.local.flatMap((local) =>
    [...p.remote].flatMap(([device, remote]) =>
      aggregate(remote.map(cidrOf)).flatMap((source) => rules(local, formatCidr(source), device)),
    ),
  );
