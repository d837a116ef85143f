import type { Facts } from "./facts.ts";
import { comesFirst } from "./rules.ts";
import { chainName, PROJECT_LABEL, ROUTE_PROTOCOL, routeMetric, tableKey } from "./names.ts";
import { labelledSettings } from "./settings.ts";
import type { HostState, Resource, Route, Table } from "./state.ts";

/** What of this project stands on a host, in the nouns of the desired state; foreign things are not in it. */
export const ownedState = (facts: Facts, project: string): HostState => [
  ...ownNetworks(facts, project),
  ...ownVolumes(facts, project),
  ...ownContainers(facts, project),
  ...ownRoutes(facts, project),
  ...ownFirewall(facts, project),
  ...remembered(facts, project),
];

const ownNetworks = (facts: Facts, project: string): readonly Resource[] =>
  facts.networks
    .filter((n) => n.labels[PROJECT_LABEL] === project)
    .map((n) => ({
      kind: "network",
      name: n.name,
      subnet: n.subnets[0] ?? "",
      gateway: n.gateway ?? "",
      bridge: n.bridge,
      mtu: n.mtu,
    }));

const ownVolumes = (facts: Facts, project: string): readonly Resource[] =>
  facts.volumes.filter((v) => v.labels[PROJECT_LABEL] === project).map(({ name }) => ({ kind: "volume", name }));

const ownContainers = (facts: Facts, project: string): readonly Resource[] =>
  facts.containers
    .filter((c) => c.labels[PROJECT_LABEL] === project)
    .map((c) => ({
      kind: "container",
      name: c.name,
      network: Object.keys(c.addresses)[0] ?? "",
      image: c.image,
      imageId: c.imageId,
      settings: labelledSettings(c.labels),
      anonymous: c.anonymous,
      running: ["running", "paused", "restarting"].includes(c.state),
    }));

/** Protocol 88 with the project's own metric; anybody else's routes look different. */
export const ownRoutes = (facts: Facts, project: string): readonly Route[] =>
  facts.routes
    .filter((r) => r.protocol === String(ROUTE_PROTOCOL) && r.metric === routeMetric(project))
    .map((r) => ({
      kind: "route",
      destination: r.destination,
      via: r.gateway ?? "",
      device: r.device ?? "",
      source: r.source,
    }));

const ownFirewall = (facts: Facts, project: string): readonly Resource[] => {
  const name = chainName(project);
  return [...facts.tables].flatMap(([table, { chains }]): readonly Resource[] => {
    const rules = chains.get(name);
    const own: Resource[] = rules === undefined ? [] : [{ kind: "chain", table, name, rules }];
    return [...own, ...jumps(table, chains, name)];
  });
};

const jumps = (table: Table, chains: ReadonlyMap<string, readonly string[]>, name: string): readonly Resource[] =>
  [...chains].flatMap(([from, rules]): readonly Resource[] => {
    const ours = rules.filter((rule) => rule.endsWith(`-j ${name}`));
    if (ours.length === 0) return [];
    const before = rules.slice(0, rules.indexOf(ours[0] ?? ""));
    const first = !before.some((rule) => comesFirst(rule, chains.get(name) ?? []));
    return [{ kind: "jump", table, from, to: name, first, rules: ours }];
  });

/** Every sysctl that was looked at, and the tables that are not always there; `previous` only where this project answers for it. */
const remembered = (facts: Facts, project: string): readonly Resource[] => {
  const noted = (key: string): { previous: string | undefined; held: string | undefined } => ({
    previous: facts.before.get(project)?.get(key),
    held: [...facts.before].find(([other, notes]) => other !== project && notes.has(key))?.[1].get(key),
  });
  return [
    ...[...facts.sysctls].map(([key, value]): Resource => ({ kind: "sysctl", key, value, ...noted(key) })),
    { kind: "table", name: "raw", present: facts.tables.has("raw"), ...noted(tableKey("raw")) },
  ];
};
