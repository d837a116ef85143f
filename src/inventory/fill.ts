import type {
  BlockSource,
  Check,
  Inventory,
  InventoryContainer,
  InventoryHost,
  InventoryNetwork,
  Probe,
} from "./inventory.ts";
import { hostsOf } from "./placement.ts";
import type { Written } from "./schema.ts";

/** The written inventory with defaults merged in. What cannot be filled in (an unknown host) is left out: `validate` tells. */
export const fill = (written: Written, file: string): Inventory => {
  const hosts = Object.entries(written.hosts).map(([name, host]) => fillHost(name, host, written.defaults));
  const networks = Object.entries(written.networks ?? {}).map(([name, n]) => fillNetwork(name, n, hosts));
  const containers = Object.entries(written.containers ?? {}).flatMap(([name, c]) => fillContainer(name, c, hosts));
  const checks = written.checks?.flatMap((c) => fillCheck(c, containers)) ?? everyPair(containers);
  return { file, name: written.name, hosts, networks, containers, checks };
};

const fillHost = (name: string, host: Written["hosts"][string], defaults: Written["defaults"]): InventoryHost => {
  const own = typeof host === "string" ? { ssh: { host } } : host;
  const become = own.become ?? defaults?.become;
  const address = own.address ?? defaults?.address;
  const ssh = { ...shared(defaults?.ssh, own.ssh), ...own.ssh };
  return {
    name,
    ssh: { ...ssh, host: ssh.host ?? name },
    dockerSocket: own.dockerSocket ?? defaults?.dockerSocket ?? "/var/run/docker.sock",
    ...(become && { become }),
    ...(address && { address }),
  };
};

type WrittenSsh = NonNullable<Written["defaults"]>["ssh"];

/** The defaults for a host: proxyJump and proxyCommand are two words for one thing, and its own one wins over either. */
const shared = (defaults: WrittenSsh, own: WrittenSsh): WrittenSsh =>
  (own?.proxyJump ?? own?.proxyCommand) === undefined
    ? defaults
    : { ...defaults, proxyJump: undefined, proxyCommand: undefined };

type WrittenNetwork = NonNullable<Written["networks"]>[string];

const fillNetwork = (name: string, network: WrittenNetwork, hosts: readonly InventoryHost[]): InventoryNetwork => ({
  name,
  pool: network.pool,
  prefix: network.prefix ?? 24,
  blocks: new Map(
    (network.hosts ?? hosts.map((h) => h.name)).map((host): [string, BlockSource] => {
      const [subnet, existing] = [own(network.subnets, host), own(network.existing, host)];
      if (subnet !== undefined) return [host, { kind: "subnet", subnet }];
      return [host, existing === undefined ? { kind: "pool" } : { kind: "existing", dockerNetwork: existing }];
    }),
  ),
  plane: network.plane ?? "auto",
  encrypt: network.encrypt ?? false,
  firewall: network.firewall ?? "scoped",
  masquerade: network.masquerade ?? false,
});

/** A key of the file, not one that every object has, such as `constructor`. */
const own = (map: Readonly<Record<string, string>> | undefined, key: string): string | undefined =>
  map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;

type WrittenContainer = NonNullable<Written["containers"]>[string];

const fillContainer = (
  name: string,
  container: WrittenContainer,
  all: readonly InventoryHost[],
): readonly InventoryContainer[] => {
  const { host: single, hosts, network, ipv4_address, ...service } = container;
  return hostsOf(
    container,
    all.map((h) => h.name),
  ).map((host) => ({
    name,
    ref: single !== undefined ? name : `${name}@${host}`,
    host,
    network,
    address: ipv4_address,
    service,
    shown: service,
  }));
};

/** The containers a check's `web` or `db@h2` stands for; a key alone stands for all its containers. */
const containersOf = (ref: string, containers: readonly InventoryContainer[]): readonly InventoryContainer[] =>
  containers.filter((c) => c.ref === ref || c.name === ref || `${c.name}@${c.host}` === ref);

const fillCheck = (
  check: NonNullable<Written["checks"]>[number],
  containers: readonly InventoryContainer[],
): readonly Check[] => {
  const probe: Probe =
    check.http !== undefined
      ? { kind: "http", url: check.http, status: check.status ?? 200 }
      : check.tcp !== undefined
        ? { kind: "tcp", port: check.tcp }
        : { kind: "ping" };
  return containersOf(check.from, containers).flatMap((from) =>
    containersOf(check.to, containers)
      .filter((to) => to.ref !== from.ref)
      .map((to) => ({ from: from.ref, to: to.ref, probe })),
  );
};

const everyPair = (containers: readonly InventoryContainer[]): readonly Check[] =>
  containers.flatMap((from) =>
    containers
      .filter((to) => to.network === from.network && to.ref !== from.ref)
      .map((to) => ({ from: from.ref, to: to.ref, probe: { kind: "ping" } as const })),
  );
