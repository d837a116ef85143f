import { block, cidrOf, formatIp } from "../cidr.ts";
import type { InventoryContainer } from "../inventory/inventory.ts";
import { dockerNetworkOf } from "../inventory/placement.ts";
import { containerBody, volumesOf, type Attachment, type ContainerBody } from "./container-body.ts";
import { adopted, type Fabric } from "./fabric.ts";
import type { Facts } from "./facts.ts";
import { dropsInRaw, firewall, type Passage } from "./firewall.ts";
import { bridgeName, PROJECT_LABEL, SETTINGS_LABEL } from "./names.ts";
import { listedName } from "./image-name.ts";
import { planeOf } from "./planes/index.ts";
import { placeOf, type Place } from "./place.ts";
import { settingsLabel, settingsOf } from "./settings.ts";
import type { Container, HostState, Network, Resource } from "./state.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What should stand on one host that has been looked at; pure. */
export const desiredState = (fabric: Fabric, host: string, facts: Facts, env: Env): HostState => {
  const { inventory } = fabric;
  const places = inventory.networks.filter((n) => n.blocks.has(host)).map((n) => placeOf(n, fabric, host, facts));
  const containers = inventory.containers.filter((c) => c.host === host);
  const volumes = new Set(containers.flatMap((c) => volumesOf(c.service)));
  return [
    ...places.flatMap((place) => ownNetwork(place, inventory.name, facts)),
    ...[...volumes]
      .filter((name) => isOurs(name, facts, inventory.name))
      .map((name): Resource => ({ kind: "volume", name })),
    ...containers.map((c) => container(c, fabric, facts, env)),
    ...places.flatMap(({ network, self, peers }) => planeOf(network.plane).resources(self, peers)),
    ...firewall(
      places.map((place) => passage(place, inventory.name, facts)),
      facts,
      inventory.name,
    ),
    ...(places.length > 0 ? surroundings(facts) : []),
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

const ownNetwork = ({ network, self, peers }: Place, project: string, facts: Facts): readonly Network[] => {
  const [subnet] = self.subnets;
  if (network.blocks.get(self.host)?.kind === "existing" || subnet === undefined) return [];
  const { name } = network;
  const gateway = formatIp(block(cidrOf(subnet), 32, 1).base);
  const standing = facts.networks.find((n) => n.name === name && n.labels[PROJECT_LABEL] === project)?.mtu;
  // A peer that is gone or unknown is no reason to make a network anew.
  const isComplete = peers.length > 0 && peers.length === network.blocks.size - 1;
  const narrowest = Math.min(...(peers.length > 0 ? peers.map((peer) => peer.path.mtu) : [1500]));
  const measured = narrowest - planeOf(network.plane).overhead;
  const mtu = isComplete ? measured : (standing ?? measured);
  return [{ kind: "network", name, subnet, gateway, bridge: bridgeName(project, name), mtu }];
};

const passage = ({ network, self, peers }: Place, project: string, facts: Facts): Passage => {
  const plane = planeOf(network.plane);
  const remote = new Map<string, string[]>();
  for (const peer of peers) {
    const sources = network.masquerade ? [...peer.subnets, `${peer.address}/32`] : peer.subnets;
    const device = plane.device(peer);
    const list = remote.get(device) ?? [];
    list.push(...sources);
    remote.set(device, list);
  }
  return {
    mode: network.firewall,
    masquerade: network.masquerade,
    bridge: adopted(network, self.host, facts)?.bridge ?? bridgeName(project, network.name),
    local: self.subnets,
    remote,
  };
};

const container = (c: InventoryContainer, fabric: Fabric, facts: Facts, env: Env): Container => {
  const network = fabric.inventory.networks.find((n) => n.name === c.network);
  const dockerNetwork = network === undefined ? c.network : dockerNetworkOf(network, c.host);
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
    shown: { ...shownBody(c, attachment), Labels: labels },
  };
};

/** What a value that comes out of the environment looks like in plans and logs: its name. */
const shownBody = (c: InventoryContainer, attachment: Attachment): ContainerBody => {
  const names: Env = new Proxy({}, { get: (_, name) => `\${${String(name)}}` });
  return containerBody({ ...c.service, environment: c.shownEnvironment }, attachment, names);
};
