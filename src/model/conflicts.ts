import { cidrOf, overlaps, type Cidr } from "../cidr.ts";
import { addressMessage } from "../inventory/validate-addresses.ts";
import { adopted, type Fabric } from "./fabric.ts";
import type { Facts } from "./facts.ts";
import { bridgeName, PROJECT_LABEL, ROUTE_PROTOCOL, routeMetric } from "./names.ts";
import { placeOf } from "./place.ts";
import { planeOf } from "./planes/index.ts";

/** What the user allows that is refused otherwise. */
export type Allowed = { readonly openFirewall: boolean };

/**
 * Why nothing may be changed on a host: names and addresses that somebody else has, hosts a plane cannot reach, a firewall that
 * must not be opened. Each in words without the host's name; everything of one host at once.
 */
export const conflicts = (fabric: Fabric, host: string, facts: Facts, allowed: Allowed): readonly string[] => [
  ...hostConflicts(fabric, host, facts, allowed),
  ...nameConflicts(fabric, host, facts),
  ...networkConflicts(fabric, host, facts),
  ...overlapConflicts(fabric, host, facts),
];

const hostConflicts = (fabric: Fabric, host: string, facts: Facts, allowed: Allowed): readonly string[] => {
  const flushed = fabric.inventory.networks.find((n) => n.blocks.has(host) && n.firewall === "flush");
  const address = fabric.addresses.get(host);
  const twin = [...fabric.addresses].find(([other, its]) => other !== host && its === address)?.[0];
  return [
    ...(facts.firewallBackend.startsWith("nftables")
      ? [
          "Docker runs on its nftables firewall backend, which this version of xhost cannot open: set firewall-backend to iptables in daemon.json",
        ]
      : []),
    ...(twin === undefined
      ? []
      : [
          `has the same address as ${twin} (${address ?? ""}): write \`address\` for both, where the other hosts reach them`,
        ]),
    ...(flushed !== undefined && facts.tables.get("filter")?.policies.get("INPUT") === "DROP" && !allowed.openFirewall
      ? [
          `network ${flushed.name}: firewall flush is refused where the INPUT policy is DROP, this host is closed on purpose: write \`firewall: scoped\`, or pass --i-know`,
        ]
      : []),
  ];
};

const nameConflicts = (fabric: Fabric, host: string, facts: Facts): readonly string[] => {
  const project = fabric.inventory.name;
  const owner = (labels: Readonly<Record<string, string>>): string =>
    labels[PROJECT_LABEL] === undefined ? "is not xhost's" : `belongs to the project ${labels[PROJECT_LABEL]}`;
  const made = fabric.inventory.networks.filter((n) => n.blocks.has(host) && n.blocks.get(host)?.kind !== "existing");
  const containers = fabric.inventory.containers.filter((c) => c.host === host);
  return [
    ...made.flatMap(({ name }) =>
      facts.networks
        .filter((n) => n.name === name && n.labels[PROJECT_LABEL] !== project)
        .map(
          (n) =>
            `network ${name}: there is a Docker network of that name that ${owner(n.labels)}: rename yours, or adopt it with \`existing\``,
        ),
    ),
    ...made.flatMap(({ name }) => {
      const bridge = bridgeName(project, name);
      const ours = facts.networks.some((n) => n.bridge === bridge && n.labels[PROJECT_LABEL] === project);
      return !ours && facts.interfaces.some((i) => i.name === bridge)
        ? [`network ${name}: there is an interface ${bridge} that is not xhost's: remove it (ip link del ${bridge})`]
        : [];
    }),
    ...containers.flatMap(({ name }) =>
      facts.containers
        .filter((c) => c.name === name && c.labels[PROJECT_LABEL] !== project)
        .map(
          (c) =>
            `container ${name}: there is a container of that name that ${owner(c.labels)}: rename yours, or remove it (docker rm ${name})`,
        ),
    ),
  ];
};

const networkConflicts = (fabric: Fabric, host: string, facts: Facts): readonly string[] =>
  fabric.inventory.networks
    .filter((n) => n.blocks.has(host))
    .flatMap((network) => {
      const source = network.blocks.get(host);
      const docker = adopted(network, host, facts);
      const says = (message: string): string => `network ${network.name}: ${message}`;
      const subnet = fabric.subnets.get(network.name)?.get(host)?.[0];
      return [
        ...(source?.kind === "existing" && docker === undefined
          ? [
              says(
                `there is no Docker network ${source.dockerNetwork} to adopt (there are: ${facts.networks.map((n) => n.name).join(", ")})`,
              ),
            ]
          : []),
        ...(docker !== undefined && (docker.driver !== "bridge" || docker.subnets.length === 0)
          ? [
              says(
                `the Docker network ${docker.name} has the driver ${docker.driver}; only bridge networks with an IPv4 subnet can be adopted`,
              ),
            ]
          : []),
        ...placeOf(network, fabric, host, facts).peers.flatMap((peer) => {
          const obstacle = planeOf(network.plane).obstacle(peer);
          return obstacle === undefined ? [] : [says(obstacle)];
        }),
        ...fabric.inventory.containers
          .filter((c) => c.host === host && c.network === network.name && subnet !== undefined)
          .flatMap((c) => {
            const message = addressMessage(c, subnet ?? "");
            return message === undefined ? [] : [`container ${c.name}: ipv4_address ${c.address ?? ""} ${message}`];
          }),
      ];
    });

/** Subnets of the fabric that meet something that is on the host already and not this project's; a line for each clash. */
const overlapConflicts = (fabric: Fabric, host: string, facts: Facts): readonly string[] =>
  fabric.inventory.networks
    .filter((n) => n.blocks.has(host))
    .flatMap((network) => {
      const all = [...(fabric.subnets.get(network.name) ?? [])].flatMap(([at, subnets]) =>
        subnets.map((subnet) => ({ at, subnet, cidr: cidrOf(subnet) })),
      );
      const own = adopted(network, host, facts) !== undefined;
      return foreignRanges(fabric, host, facts).flatMap((range) => {
        const clashing = all
          .filter(({ cidr }) => overlaps(range.cidr, cidr))
          .filter(({ at }) => at !== host || !own || range.adopted === undefined);
        const [first] = [...clashing].sort((a, b) => Number(b.at === host) - Number(a.at === host));
        if (first === undefined) return [];
        const whose = first.at === host ? `${first.subnet}, its block here,` : `${first.subnet} of ${first.at}`;
        const more = clashing.length > 1 ? ` (and ${clashing.length - 1} more of its blocks)` : "";
        return [
          `network ${network.name}: ${whose} overlaps ${range.what}${more}: ${remedy(network.pool, first.at === host)}`,
        ];
      });
    });

const remedy = (pool: string | undefined, here: boolean): string =>
  pool !== undefined
    ? "choose another pool"
    : here
      ? "choose another subnet"
      : "two networks with the same addresses cannot reach each other; give one of them another subnet (for Docker's default bridge: `bip` in daemon.json), or adopt a network of another range";

type ForeignRange = { readonly cidr: Cidr; readonly what: string; readonly adopted?: string };

/** Also the two halves by which VPNs cover the default route without replacing it. */
const isDefault = (destination: string): boolean => cidrOf(destination).prefix <= 1;

const foreignRanges = (fabric: Fabric, host: string, facts: Facts): readonly ForeignRange[] => {
  const project = fabric.inventory.name;
  const adoptedNames = fabric.inventory.networks.flatMap((n) => adopted(n, host, facts)?.name ?? []);
  const networks = facts.networks
    .filter((n) => n.labels[PROJECT_LABEL] !== project)
    .flatMap((n) =>
      n.subnets.map((subnet): ForeignRange => ({
        cidr: cidrOf(subnet),
        what: `the Docker network ${n.name} (${subnet}) on this host`,
        ...(adoptedNames.includes(n.name) && { adopted: n.name }),
      })),
    );
  const bridges = new Set(facts.networks.map((n) => n.bridge));
  const routes = facts.routes
    .filter((r) => !isDefault(r.destination) && !bridges.has(r.device ?? ""))
    .filter((r) => r.protocol !== String(ROUTE_PROTOCOL) || r.metric !== routeMetric(project))
    .map((r): ForeignRange => {
      const way = r.gateway === undefined ? `dev ${r.device ?? "none"}` : `via ${r.gateway}`;
      return { cidr: cidrOf(r.destination), what: `the route ${r.destination} ${way} on this host` };
    });
  return [...networks, ...routes];
};
