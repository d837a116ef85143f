import { addressMessage } from "../inventory/validate-addresses.ts";
import { adopted, type Fabric } from "./fabric.ts";
import type { Facts } from "./facts.ts";
import { bridgeName, PROJECT_LABEL } from "./names.ts";
import { orphanBridges } from "./orphans.ts";
import { adoptedConflicts, overlapConflicts } from "./overlaps.ts";
import { lockouts } from "./lockouts.ts";
import type { Pair } from "./pairs.ts";
import { linkConflicts, ruptures } from "./ruptures.ts";

/** What the user allows that is refused otherwise. */
export type Allowed = {
  /** `--i-know`: to open a firewall that is closed on purpose, and to cover addresses that the host is managed by. */
  readonly openFirewall: boolean;
  /** A plane may not be known yet: nothing is going to be changed. */
  readonly unmeasured?: boolean;
  /** What was measured is about to be measured again. */
  readonly reprobe?: boolean;
};

/** A conflict and what it is about. */
export type Clash = {
  readonly kind: "host" | "name" | "network" | "link" | "overlap" | "lockout" | "adopted";
  readonly text: string;
  /** The name of the container or the network that is concerned, and the pair that cannot be connected; none of them: the host as a whole. */
  readonly container?: string;
  readonly network?: string;
  readonly pair?: Pair;
};

type Text = string | Omit<Clash, "kind">;

/**
 * Why nothing may be changed on a host: names and addresses that somebody else has, hosts a plane cannot reach, a firewall that
 * must not be opened. Each in words without the host's name; everything of one host at once.
 */
export const clashes = (fabric: Fabric, host: string, facts: Facts, allowed: Allowed): readonly Clash[] => {
  const as = (kind: Clash["kind"], texts: readonly Text[]): readonly Clash[] =>
    texts.map((told) => ({ kind, ...(typeof told === "string" ? { text: told } : told) }));
  return [
    ...as("host", hostConflicts(fabric, host, facts, allowed)),
    ...as("name", nameConflicts(fabric, host, facts)),
    ...as("network", networkConflicts(fabric, host, facts, allowed)),
    ...as("link", linkConflicts(fabric, host, facts)),
    ...as("overlap", overlapConflicts(fabric, host, facts)),
    ...as("lockout", lockouts(fabric, host, facts, { isAllowed: allowed.openFirewall })),
    ...as("adopted", adoptedConflicts(fabric, host, facts)),
  ];
};

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

const nameConflicts = (fabric: Fabric, host: string, facts: Facts): readonly Text[] => {
  const project = fabric.inventory.name;
  const owner = (labels: Readonly<Record<string, string>>): string =>
    labels[PROJECT_LABEL] === undefined ? "is not xhost's" : `belongs to the project ${labels[PROJECT_LABEL]}`;
  const made = fabric.inventory.networks.filter((n) => n.blocks.has(host) && n.blocks.get(host)?.kind !== "existing");
  const containers = fabric.inventory.containers.filter((c) => c.host === host);
  return [
    ...(facts.boot.get(project)?.foreign ?? []).map(
      (path) => `${path}: there is a systemd unit of that name that is not xhost's: remove it, or rename the project`,
    ),
    ...made.flatMap(({ name }) =>
      facts.networks
        .filter((n) => n.name === name && n.labels[PROJECT_LABEL] !== project)
        .map((n) => ({
          network: name,
          text: `network ${name}: there is a Docker network of that name that ${owner(n.labels)}: rename yours, remove it (docker network rm ${name}), or adopt it with \`existing\``,
        })),
    ),
    ...made.flatMap(({ name }) => bridgeConflicts(name, project, facts, orphanBridges(fabric, host, facts))),
    ...containers.flatMap(({ name }) =>
      facts.containers
        .filter((c) => c.name === name && c.labels[PROJECT_LABEL] !== project)
        .map((c) => ({
          container: name,
          text: `container ${name}: there is a container of that name that ${owner(c.labels)}: rename yours, or remove it (docker rm ${name})`,
        })),
    ),
  ];
};

/** Device names are short: another project's may be the same, and it is not the user's to delete. */
const bridgeConflicts = (
  network: string,
  project: string,
  facts: Facts,
  orphans: readonly string[],
): readonly Text[] => {
  const bridge = bridgeName(project, network);
  if (facts.interfaces.every((i) => i.name !== bridge) || orphans.includes(bridge)) return [];
  const owner = facts.networks.find((n) => n.bridge === bridge);
  if (owner?.labels[PROJECT_LABEL] === project) return [];
  const remedy =
    owner === undefined
      ? `remove it (ip link del ${bridge})`
      : `it is the bridge of the Docker network ${owner.name}, rename yours`;
  return [
    { network, text: `network ${network}: there is an interface ${bridge} that is not this project's: ${remedy}` },
  ];
};

const networkConflicts = (
  fabric: Fabric,
  host: string,
  facts: Facts,
  { unmeasured = false, reprobe = false }: Allowed,
): readonly Text[] =>
  fabric.inventory.networks
    .filter((n) => n.blocks.has(host))
    .flatMap((network): readonly Text[] => {
      const source = network.blocks.get(host);
      const docker = adopted(network, host, facts);
      const says = (message: string, pair?: Pair): Text => ({
        network: network.name,
        ...(pair && { pair }),
        text: `network ${network.name}: ${message}`,
      });
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
        ...ruptures(fabric, network, { host, unmeasured, reprobe }).map(({ text, pair }) => says(text, pair)),
        ...fabric.inventory.containers
          .filter((c) => c.host === host && c.network === network.name && subnet !== undefined)
          .flatMap((c) => {
            const message = addressMessage(c, subnet ?? "");
            const text = `container ${c.name}: ipv4_address ${c.address ?? ""} ${message ?? ""}`;
            return message === undefined ? [] : [{ container: c.name, text }];
          }),
      ];
    });
