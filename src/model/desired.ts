import { block, cidrOf, formatIp } from "../cidr.ts";
import type { InventoryContainer, InventoryNetwork } from "../inventory/inventory.ts";
import { containerBody, volumesOf, type Attachment } from "./container-body.ts";
import { adopted, type Fabric } from "./fabric.ts";
import type { Facts } from "./facts.ts";
import { dropsInRaw, firewall, type Passage } from "./firewall.ts";
import { bridgeName, PROJECT_LABEL, SETTINGS_LABEL } from "./names.ts";
import { listedName } from "./image-name.ts";
import { pathTo } from "./paths.ts";
import { planeOf } from "./planes/index.ts";
import type { Peer, Site } from "./planes/plane.ts";
import { settingsLabel, settingsOf } from "./settings.ts";
import type { Container, HostState, Network, Resource } from "./state.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What should stand on one host that has been looked at; pure. */
export const desiredState = (fabric: Fabric, host: string, facts: Facts, env: Env): HostState => {
  const { inventory } = fabric;
  const networks = inventory.networks.filter((n) => n.blocks.has(host));
  const containers = inventory.containers.filter((c) => c.host === host);
  const volumes = new Set(containers.flatMap((c) => volumesOf(c.service)));
  return [
    ...networks.flatMap((n) => ownNetwork(n, fabric, host, facts)),
    ...[...volumes]
      .filter((name) => isOurs(name, facts, inventory.name))
      .map((name): Resource => ({ kind: "volume", name })),
    ...containers.map((c) => container(c, fabric, facts, env)),
    ...networks.flatMap((n) => planeOf(n.plane).resources(siteOf(n, fabric, host), peersOf(n, fabric, host, facts))),
    ...firewall(
      networks.map((n) => passage(n, fabric, host, facts)),
      facts,
      inventory.name,
    ),
    ...(networks.length > 0 ? surroundings(facts) : []),
  ];
};

/** What Docker or the kernel changes on the host on behalf of our networks; listed, so that it can be put back. */
const surroundings = (facts: Facts): readonly Resource[] => [
  // Docker turns forwarding on itself unless it was told not to; without it no container leaves its host.
  { kind: "sysctl", key: "net.ipv4.ip_forward", value: "1" },
  // The first container brings it into being, whoever writes the rules.
  ...(dropsInRaw(facts.engine) ? [{ kind: "table", name: "raw", present: true } as const] : []),
];

/** A volume that is there without our label is somebody else's: used, never owned. */
const isOurs = (name: string, facts: Facts, project: string): boolean =>
  facts.volumes.every((v) => v.name !== name || v.labels[PROJECT_LABEL] === project);

const siteOf = (network: InventoryNetwork, fabric: Fabric, host: string): Site => ({
  host,
  address: fabric.addresses.get(host) ?? "",
  subnets: fabric.subnets.get(network.name)?.get(host) ?? [],
});

/** The other sites of a network whose address is known and toward which this host has a way. */
export const peersOf = (network: InventoryNetwork, fabric: Fabric, host: string, facts: Facts): readonly Peer[] =>
  [...network.blocks.keys()].flatMap((other) => {
    const site = siteOf(network, fabric, other);
    const path = other === host || site.address === "" ? undefined : pathTo(facts, site.address);
    return path === undefined ? [] : [{ ...site, path }];
  });

const ownNetwork = (network: InventoryNetwork, fabric: Fabric, host: string, facts: Facts): readonly Network[] => {
  const [subnet] = fabric.subnets.get(network.name)?.get(host) ?? [];
  if (network.blocks.get(host)?.kind === "existing" || subnet === undefined) return [];
  const { name } = network;
  const gateway = formatIp(block(cidrOf(subnet), 32, 1).base);
  const mtu = pathMtu(network, fabric, host, facts);
  return [{ kind: "network", name, subnet, gateway, bridge: bridgeName(fabric.inventory.name, name), mtu }];
};

/** What the narrowest of the host's own ways to its peers carries, less the plane's overhead; 1500 without peers. */
const pathMtu = (network: InventoryNetwork, fabric: Fabric, host: string, facts: Facts): number => {
  const mtus = peersOf(network, fabric, host, facts).map((peer) => peer.path.mtu);
  return Math.min(...(mtus.length > 0 ? mtus : [1500])) - planeOf(network.plane).overhead;
};

const passage = (network: InventoryNetwork, fabric: Fabric, host: string, facts: Facts): Passage => {
  const plane = planeOf(network.plane);
  const remote = new Map<string, string[]>();
  for (const peer of peersOf(network, fabric, host, facts)) {
    const sources = network.masquerade ? [...peer.subnets, `${peer.address}/32`] : peer.subnets;
    remote.set(plane.device(peer), [...(remote.get(plane.device(peer)) ?? []), ...sources]);
  }
  return {
    mode: network.firewall,
    masquerade: network.masquerade,
    bridge: adopted(network, host, facts)?.bridge ?? bridgeName(fabric.inventory.name, network.name),
    local: fabric.subnets.get(network.name)?.get(host) ?? [],
    remote,
  };
};

const container = (c: InventoryContainer, fabric: Fabric, facts: Facts, env: Env): Container => {
  const source = fabric.inventory.networks.find((n) => n.name === c.network)?.blocks.get(c.host);
  const dockerNetwork = source?.kind === "existing" ? source.dockerNetwork : c.network;
  const attachment: Attachment = { network: dockerNetwork, address: c.address };
  const body = containerBody(c.service, attachment, env);
  const settings = settingsOf(body);
  const labels = {
    ...body.Labels,
    [PROJECT_LABEL]: fabric.inventory.name,
    [SETTINGS_LABEL]: settingsLabel(settings),
  };
  return {
    kind: "container",
    name: c.name,
    network: dockerNetwork,
    image: c.service.image,
    imageId: facts.images.get(listedName(c.service.image)),
    settings,
    running: true,
    body: { ...body, Labels: labels },
  };
};
