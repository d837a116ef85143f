import type { EvidenceFile } from "./evidence.ts";
import type { ChainRules, DockerNetwork, Facts, TableRules } from "./facts.ts";
import { comesFirst } from "./rules.ts";
import {
  chainName,
  evidenceFile,
  inputChainName,
  keyFile,
  linkAlias,
  moduleKey,
  PROJECT_LABEL,
  ROUTE_PROTOCOL,
  routeMetric,
  tableKey,
} from "./names.ts";
import { labelledSettings } from "./settings.ts";
import type { Link, LinkType } from "./link.ts";
import type { HostState, Network, Resource, Route, Table } from "./state.ts";

/** What of this project stands on a host, in the nouns of the desired state; foreign things are not in it. */
export const ownedState = (facts: Facts, project: string): HostState => [
  ...ownNetworks(facts, project),
  ...ownVolumes(facts, project),
  ...ownContainers(facts, project),
  ...ownLinks(facts, project),
  ...ownRoutes(facts, project),
  ...ownFirewall(facts, project),
  ...remembered(facts, project),
  ...ownFiles(facts, project),
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
      trouble: bridgeTrouble(facts, n),
    }));

/** Docker believes in a bridge that somebody else has switched off, taken away, or taken its address from. */
const bridgeTrouble = ({ interfaces }: Facts, { bridge, gateway }: DockerNetwork): Network["trouble"] => {
  const device = interfaces.find(({ name }) => name === bridge);
  if (device === undefined) return "gone";
  if (!device.up) return "down";
  return gateway === undefined || device.addresses.some(({ address }) => address === gateway) ? undefined : "bare";
};

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
      paused: c.state === "paused",
      networks: Object.keys(c.addresses).filter((name) => !c.lost.includes(name)),
      lost: c.lost,
    }));

/** Protocol 88 with the project's own metric; anybody else's routes look different. */
export const ownRoutes = (facts: Facts, project: string): readonly Route[] =>
  facts.routes
    .filter((r) => r.protocol === String(ROUTE_PROTOCOL) && r.metric === routeMetric(project))
    .map((r) => ({
      kind: "route",
      destination: r.destination,
      via: r.gateway,
      device: r.device ?? "",
      source: r.source,
      onlink: r.onlink,
      mtu: r.mtu,
    }));

/** Devices with the project's alias, and what belongs to them. */
const ownLinks = (facts: Facts, project: string): readonly Resource[] =>
  ownInterfaces(facts, project).flatMap((found): readonly Resource[] => {
    const { name: device, mtu, up, mac, tunnel } = found;
    const wg = facts.wireguard.find((each) => each.name === device);
    const type = linkTypeOf(found, wg !== undefined);
    const link: Link = {
      kind: "link",
      name: device,
      type,
      mtu,
      up,
      local: tunnel?.local,
      vni: tunnel?.vni,
      port: wg?.port ?? tunnel?.port,
      mac: type === "vxlan" ? mac : undefined,
      checksum: type === "vxlan" ? tunnel?.checksum === true : undefined,
      publicKey: wg?.publicKey,
      userspace: type === "wireguard" ? found.type !== "wireguard" : undefined,
    };
    return [
      link,
      ...facts.neighbours.filter((n) => n.device === device).map((n): Resource => ({ kind: "neighbour", ...n })),
      ...facts.fdb.filter((f) => f.device === device).map((f): Resource => ({ kind: "fdb", ...f })),
      ...(wg?.peers ?? []).map((peer): Resource => ({ kind: "peer", device, roams: false, ...peer })),
    ];
  });

/** The tunnel devices of the project on a host. */
export const ownInterfaces = (facts: Facts, project: string): Facts["interfaces"] =>
  facts.interfaces.filter((i) => i.alias === linkAlias(project));

/** wireguard-go's device is a tun to the kernel, and goes with the process. */
const linkTypeOf = ({ type }: Facts["interfaces"][number], hasPeers: boolean): LinkType =>
  hasPeers || type === "tun" || type === "wireguard" ? "wireguard" : type === "vxlan" ? "vxlan" : "ipip";

const ownFirewall = (facts: Facts, project: string): readonly Resource[] => {
  const names = [chainName(project), inputChainName(project)];
  return [...facts.tables].flatMap(([table, { chains }]) =>
    names.flatMap((name): readonly Resource[] => {
      const chain = chains.get(name);
      return [...(chain === undefined ? [] : [ownChain(table, name, chain)]), ...jumps(table, chains, name)];
    }),
  );
};

const ownChain = (table: Table, name: string, chain: ChainRules): Resource => ({
  ...{ kind: "chain", table, name },
  get rules() {
    return chain.rules;
  },
});

const jumps = (table: Table, chains: TableRules["chains"], name: string): readonly Resource[] =>
  [...chains].flatMap(([from, chain]): readonly Resource[] => {
    // No chain leads to itself: the kernel refuses loops.
    if (from === name) return [];
    const { rules } = chain;
    const ours = rules.filter((rule) => rule.endsWith(`-j ${name}`));
    if (ours.length === 0) return [];
    const own = chains.get(name)?.rules ?? [];
    const before = rules.slice(0, rules.indexOf(ours[0] ?? ""));
    const ahead = before.find((rule) => comesFirst(rule, own));
    return [{ kind: "jump", table, from, to: name, first: ahead === undefined, ahead, rules: ours }];
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
    { kind: "table", name: "INPUT", present: facts.hasInputChain, ...noted(tableKey("INPUT")) },
    ...[...facts.modules].map(([name, state]): Resource => ({
      kind: "module",
      name,
      present: state === "loaded",
      ...noted(moduleKey(name)),
    })),
  ];
};

const ownFiles = (facts: Facts, project: string): readonly Resource[] => {
  const [kept, key, boot] = [facts.evidence.get(project), facts.keys.get(project), facts.boot.get(project)];
  return [
    ...(kept === undefined ? [] : [ownFile(evidenceFile(project), kept)]),
    ...(key === undefined ? [] : [{ kind: "key", path: keyFile(project), whole: key !== "" } as const]),
    ...(boot === undefined || boot.digests.size === 0
      ? []
      : [{ kind: "boot", digests: boot.digests, unit: boot.unit } as const]),
  ];
};

/** With a text that is made when it is asked for. */
const ownFile = (path: string, file: EvidenceFile): Resource => ({
  ...{ kind: "file", path },
  get content() {
    return file.content;
  },
});
