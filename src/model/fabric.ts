import { allocate } from "../inventory/allocate.ts";
import type { Inventory, InventoryNetwork } from "../inventory/inventory.ts";
import { cidrOf, overlaps, parseIp, type Cidr } from "../cidr.ts";
import type { DockerNetwork, Facts } from "./facts.ts";
import { keptEvidence, type Evidence } from "./evidence.ts";
import { linkName, PROJECT_LABEL } from "./names.ts";
import { pathsFrom, type HostPath } from "./paths.ts";
import { ownRoutes } from "./owned.ts";
import { portsOf, type Ports } from "./ports.ts";
import type { Sight } from "./sight.ts";

/** The inventory's networks as they lie over the hosts: blocks by network and host, addresses by host. */
export type Fabric = {
  readonly inventory: Inventory;
  readonly sights: ReadonlyMap<string, Sight>;
  readonly addresses: ReadonlyMap<string, string>;
  /** Subnets by network name, then by host. */
  readonly subnets: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** The same with their ranges, by network. */
  readonly blocks: ReadonlyMap<string, readonly Block[]>;
  /** How packets get from each host that was looked at to an address. */
  readonly paths: ReadonlyMap<string, (address: string) => HostPath | undefined>;
  readonly ports: Ports;
  /** What is known of the way from one host to another. */
  readonly evidence: (from: string, to: string) => Evidence | undefined;
};

/** What was measured, by the host that sent and the host that it sent to. */
export type Measured = ReadonlyMap<string, ReadonlyMap<string, Evidence>>;

/** A subnet of a network, and the host that has it. */
export type Block = { readonly network: string; readonly at: string; readonly subnet: string; readonly cidr: Cidr };

/** What is new in this run: what was measured, which stands before what is kept on the hosts, and which hosts are to be changed (default: all). */
type News = {
  readonly measured?: Measured | undefined;
  readonly chosen?: ReadonlySet<string> | undefined;
};

/** Puts the inventory and what was seen together; pure, and the same whatever order the hosts come in. */
export const fabric = (
  inventory: Inventory,
  sights: ReadonlyMap<string, Sight>,
  { measured = new Map(), chosen = new Set(sights.keys()) }: News = {},
): Fabric => {
  const paths = new Map(
    [...sights].flatMap(([name, { facts }]) => (facts === undefined ? [] : [[name, pathsFrom(facts)] as const])),
  );
  const addresses = addressesOf(inventory, sights, paths);
  const subnets = new Map(inventory.networks.map((n) => [n.name, subnetsOf(n, inventory, sights)]));
  return {
    inventory,
    sights,
    addresses,
    subnets,
    blocks: new Map([...subnets].map(([network, byHost]) => [network, blocksOf(network, byHost)])),
    paths,
    ports: portsOf(inventory.name, sights, { addresses, chosen }),
    evidence: (from, to) =>
      measured.get(from)?.get(to) ?? keptEvidence(sights.get(from)?.facts, inventory.name).get(to),
  };
};

const blocksOf = (network: string, byHost: ReadonlyMap<string, readonly string[]>): readonly Block[] =>
  [...byHost].flatMap(([at, all]) => all.map((subnet) => ({ network, at, subnet, cidr: cidrOf(subnet) })));

/** The Docker network a host adopts for that network of the inventory, if it does and if it is there. */
export const adopted = (
  network: InventoryNetwork,
  host: string,
  facts: Facts | undefined,
): DockerNetwork | undefined => {
  const source = network.blocks.get(host);
  return source?.kind === "existing" ? facts?.networks.find((n) => n.name === source.dockerNetwork) : undefined;
};

/** Where the other hosts reach the host, when it is not asked itself: from the file, the connection or the name. */
const hint = (sight: Sight): string | undefined =>
  sight.host.address ??
  (isLocal(sight.facts, sight.facts?.sshAddress) ? sight.facts?.sshAddress : undefined) ??
  (parseIp(sight.hostname) === undefined ? undefined : sight.hostname);

const isLocal = (facts: Facts | undefined, address: string | undefined): boolean =>
  address !== undefined &&
  (facts?.interfaces.some((i) => i.name !== "lo" && i.addresses.some((a) => a.address === address)) ?? false);

const addressesOf = (
  inventory: Inventory,
  sights: ReadonlyMap<string, Sight>,
  paths: Fabric["paths"],
): ReadonlyMap<string, string> => {
  const all = inventory.hosts.flatMap(({ name }) => sights.get(name) ?? []);
  return new Map(
    all.flatMap((sight): [string, string][] => {
      const address = sight.host.address ?? sourceToward(sight, all, paths) ?? hint(sight);
      return address === undefined ? [] : [[sight.host.name, address]];
    }),
  );
};

/** The source address toward the first other host that the kernel knows a way to. */
const sourceToward = ({ host }: Sight, all: readonly Sight[], paths: Fabric["paths"]): string | undefined => {
  for (const other of all) {
    const address = other.host.name === host.name ? undefined : hint(other);
    const source = address === undefined ? undefined : paths.get(host.name)?.(address)?.source;
    if (source !== undefined) return source;
  }
  return undefined;
};

const subnetsOf = (
  network: InventoryNetwork,
  inventory: Inventory,
  sights: ReadonlyMap<string, Sight>,
): ReadonlyMap<string, readonly string[]> => {
  const blocks = allocate(network, standing(network, inventory, sights));
  return new Map(
    [...network.blocks.keys()].map((host): [string, readonly string[]] => {
      const docker = adopted(network, host, sights.get(host)?.facts);
      if (docker !== undefined) return [host, docker.subnets];
      const block = blocks.get(host);
      return [host, block === undefined ? [] : [block]];
    }),
  );
};

/**
 * The blocks that hosts have already: from the host's own Docker network, or for a host that cannot be reached from the
 * routes that the others have toward it.
 */
const standing = (
  network: InventoryNetwork,
  { name: project }: Inventory,
  sights: ReadonlyMap<string, Sight>,
): ReadonlyMap<string, string> => {
  const isOurs = (n: DockerNetwork): boolean => n.name === network.name && n.labels[PROJECT_LABEL] === project;
  const all = [...network.blocks.keys()].flatMap((host) => sights.get(host) ?? []);
  const asked = all.flatMap(({ host, facts }): [string, string][] => {
    const subnet = facts?.networks.find(isOurs)?.subnets[0];
    return subnet === undefined ? [] : [[host.name, subnet]];
  });
  return new Map([...asked, ...(network.pool === undefined ? [] : toward(all, cidrOf(network.pool), project))]);
};

/** Blocks in the pool that routes of ours lead to, by the host that does not answer behind their next hop. */
const toward = (all: readonly Sight[], pool: Cidr, project: string): readonly [string, string][] => {
  const silent = new Map(
    all.filter((s) => s.facts === undefined).map((s) => [s.host.address ?? s.hostname, s.host.name] as const),
  );
  if (silent.size === 0) return [];
  const ways = all.flatMap(({ facts }) => (facts === undefined ? [] : ownWays(facts, project)));
  return ways.flatMap(({ via, destination }): [string, string][] => {
    const host = silent.get(via);
    return host !== undefined && overlaps(cidrOf(destination), pool) ? [[host, destination]] : [];
  });
};

/** Where our routes lead, and by which underlay address; a wireguard device has that with its peers. */
const ownWays = (facts: Facts, project: string): readonly { via: string; destination: string }[] => [
  ...ownRoutes(facts, project).flatMap(({ via, destination }) => (via === undefined ? [] : [{ via, destination }])),
  ...facts.wireguard
    .filter(({ name }) => name === linkName(project, "wireguard"))
    .flatMap(({ peers }) => peers)
    .flatMap(({ endpoint, allowed }) =>
      allowed.map((destination) => ({ via: endpoint.split(":")[0] ?? "", destination })),
    ),
];
