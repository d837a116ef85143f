import { PLANES, type InventoryContainer, type InventoryNetwork } from "../inventory/inventory.ts";
import { dockerNetworkOf } from "../inventory/placement.ts";
import { containerBody, volumesOf, type Attachment, type ContainerBody } from "./container-body.ts";
import { adopted, type Fabric } from "./fabric.ts";
import type { Facts } from "./facts.ts";
import { formatEvidence } from "./evidence.ts";
import { dropsInRaw, firewall, type Entrance, type Narrow, type Passage } from "./firewall.ts";
import { bridgeName, evidenceFile, PROJECT_LABEL, SETTINGS_LABEL } from "./names.ts";
import { listedName } from "./image-name.ts";
import { planes } from "./planes/index.ts";
import { hereOf } from "./here.ts";
import { ladderOf } from "./pairs.ts";
import { firstAddress, placeOf, type Place, type PlannedLeg } from "./place.ts";
import { settingsLabel, settingsOf, shownSettings } from "./settings.ts";
import type { Container, HostState, Network, OwnFile, Resource } from "./state.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What should stand on one host that has been looked at; pure. */
export const desiredState = (fabric: Fabric, host: string, facts: Facts, env: Env): HostState => {
  const { inventory } = fabric;
  const { name: project } = inventory;
  const places = inventory.networks.filter((n) => n.blocks.has(host)).map((n) => placeOf(n, fabric, host, facts));
  const containers = inventory.containers.filter((c) => c.host === host);
  const volumes = new Set(containers.flatMap((c) => volumesOf(c.service)));
  const incoming = entrances(places, fabric, host);
  return [
    ...places.flatMap((place) => ownNetwork(place, project, facts)),
    ...[...volumes].filter((name) => isOurs(name, facts, project)).map((name): Resource => ({ kind: "volume", name })),
    ...containers.map((c) => container(c, fabric, facts, env)),
    ...ways(places, fabric, host),
    ...firewall(
      places.map((place) => passage(place, project, facts)),
      incoming,
      facts,
      project,
    ),
    ...(places.length > 0 ? surroundings(facts) : []),
    ...(incoming.length > 0 ? [{ kind: "table", name: "INPUT", present: true } as const] : []),
    ...evidenceOf(fabric, host),
  ];
};

/** Devices, routes and what else the planes need, for all networks at once. */
const ways = (places: readonly Place[], fabric: Fabric, host: string): readonly Resource[] => {
  const here = hereOf(fabric, host);
  const legs = places.flatMap((place) => place.legs);
  return PLANES.flatMap((plane) => {
    const by = legs.filter((leg) => leg.plane === plane);
    return here === undefined || by.length === 0 ? [] : planes[plane].resources(here, by);
  });
};

/**
 * Where tunnels come in; none for a plane whose networks all leave the firewall to somebody else. A device is shared: where it is
 * guarded for one network, the peers of the others have to pass too.
 */
const entrances = (places: readonly Place[], fabric: Fabric, host: string): readonly Entrance[] => {
  const here = hereOf(fabric, host);
  return PLANES.flatMap((plane) => {
    const { arriving, link } = planes[plane];
    const using = places.map(({ network, legs }) => ({ network, legs: legs.filter((leg) => leg.plane === plane) }));
    const isGuarded = using.some(({ network, legs }) => network.firewall !== "none" && legs.length > 0);
    if (here === undefined || arriving === undefined || !isGuarded) return [];
    const peers = using.flatMap(({ legs }) => legs.map((leg) => leg.peer));
    const roaming =
      plane === "wireguard" && peers.some(({ host: peer }) => here.ports.wireguard.get(peer)?.isBehindNat);
    const rivals = here.facts.interfaces.filter((i) => plane === "ipip" && i.type === link);
    return [
      {
        match: arriving(here.ports, host),
        local: here.local,
        // A peer behind a NAT comes from wherever the NAT is; WireGuard asks for its key.
        from: roaming ? undefined : [...new Set(peers.map(({ address }) => address))].filter((a) => a !== ""),
        others: rivals.flatMap(({ tunnel }) => (tunnel?.remote === undefined ? [] : [tunnel.remote])),
        everywhere: plane === "vxlan",
      },
    ];
  });
};

/** What was measured on the ways from here, so that it need not be measured again. */
const evidenceOf = (fabric: Fabric, host: string): readonly OwnFile[] => {
  const known = fabric.inventory.hosts.flatMap(({ name }) => fabric.evidence(host, name) ?? []);
  if (known.length === 0) return [];
  return [
    {
      ...{ kind: "file", path: evidenceFile(fabric.inventory.name) },
      // Made when it is asked for, as rules are: with hundreds of hosts each file has a line for each other one.
      get content() {
        return formatEvidence(known);
      },
    },
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

const ownNetwork = ({ network, self, legs, isComplete }: Place, project: string, facts: Facts): readonly Network[] => {
  const [subnet] = self.subnets;
  if (network.blocks.get(self.host)?.kind === "existing" || subnet === undefined) return [];
  const { name } = network;
  const standing = facts.networks.find((n) => n.name === name && n.labels[PROJECT_LABEL] === project)?.mtu;
  // A peer that is gone or unknown is no reason to make a network anew.
  const measured = legs.length > 0 ? Math.min(...legs.map((leg) => leg.mtu)) : undefined;
  const mtu = (isComplete ? measured : (standing ?? measured)) ?? uplinkMtu(network, facts);
  return [{ kind: "network", name, subnet, gateway: firstAddress(subnet), bridge: bridgeName(project, name), mtu }];
};

/** What a network alone may carry: as much as the way out of the host, with room for the plane that will come. */
const uplinkMtu = (network: InventoryNetwork, facts: Facts): number => {
  const uplink = facts.routes.find((r) => r.destination === "0.0.0.0/0")?.device;
  const mtu = facts.interfaces.find((i) => i.name === uplink)?.mtu ?? 1500;
  const [only, more] = ladderOf(network);
  return Math.min(mtu, 1500) - (only === undefined || more !== undefined ? 0 : planes[only].overhead);
};

const passage = ({ network, self, legs }: Place, project: string, facts: Facts): Passage => {
  const docker = adopted(network, self.host, facts);
  const remote = new Map<string, string[]>();
  const narrow = new Map<string, Narrow>();
  for (const { peer, plane, mtu } of legs) {
    const isTunnel = planes[plane].link !== undefined;
    // Through a tunnel what is masqueraded carries the host's address in its block.
    const sources = network.masquerade && !isTunnel ? [...peer.subnets, `${peer.address}/32`] : peer.subnets;
    const device = planes[plane].device(project, peer);
    const list = remote.get(device) ?? [];
    list.push(...sources);
    remote.set(device, list);
    if (docker === undefined || docker.mtu <= mtu) continue;
    const alike = narrow.get(`${device} ${mtu}`)?.remote ?? [];
    narrow.set(`${device} ${mtu}`, { device, mtu, remote: [...alike, ...peer.subnets] });
  }
  return {
    mode: network.firewall,
    masquerade: network.masquerade,
    bridge: docker?.bridge ?? bridgeName(project, network.name),
    local: self.subnets,
    remote,
    narrow: [...narrow.values()],
    hidden: legs[0]?.gateway === undefined ? undefined : { source: legs[0].gateway, devices: tunnelsOf(legs, project) },
  };
};

const tunnelsOf = (legs: readonly PlannedLeg[], project: string): readonly string[] => [
  ...new Set(
    legs
      .filter(({ plane }) => planes[plane].link !== undefined)
      .map(({ plane, peer }) => planes[plane].device(project, peer)),
  ),
];

const container = (c: InventoryContainer, fabric: Fabric, facts: Facts, env: Env): Container => {
  const network = fabric.inventory.networks.find((n) => n.name === c.network);
  const dockerNetwork = network === undefined ? c.network : dockerNetworkOf(network, c.host);
  const attachment: Attachment = { network: dockerNetwork, address: c.address };
  const body = containerBody(c.service, attachment, env);
  const shown = shownBody(c, attachment);
  const settings = settingsOf(body);
  const labels = (its: ContainerBody, known: Container["settings"]): Readonly<Record<string, string>> => ({
    ...its.Labels,
    [PROJECT_LABEL]: fabric.inventory.name,
    [SETTINGS_LABEL]: settingsLabel(known),
  });
  return {
    kind: "container",
    name: c.name,
    network: dockerNetwork,
    image: c.service.image,
    imageId: facts.images.get(listedName(c.service.image)),
    settings,
    running: true,
    address: c.address,
    body: { ...body, Labels: labels(body, settings) },
    shown: { ...shown, Labels: labels(shown, shownSettings(settings, settingsOf(shown))) },
  };
};

/** A variable that the service names without a value comes out of xhost's own environment: it looks like any other. */
const shownBody = (c: InventoryContainer, attachment: Attachment): ContainerBody => {
  const names: Env = new Proxy({}, { get: (_, name) => `\${${String(name)}}` });
  return containerBody(c.shown, attachment, names);
};
