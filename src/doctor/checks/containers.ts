import type { InventoryContainer } from "../../inventory/inventory.ts";
import { dockerNetworkOf } from "../../inventory/placement.ts";
import type { ContainerDepth, DeepLink } from "../../model/depth.ts";
import type { DockerContainer, DockerNetwork } from "../../model/facts.ts";
import { PROJECT_LABEL } from "../../model/names.ts";
import { quote } from "../../ssh/quote.ts";
import type { Cause, Remedy } from "../diagnosis.ts";
import type { DiagnosisId } from "../ids.ts";
import { cause, ofContainers, onHost, type Scene, type Seen } from "./scene.ts";

/** What keeps a container from its network though Docker says that it is there; the first thing of each container. */
export const containers = (scene: Scene, seen: Seen): readonly Cause[] =>
  scene.fabric.inventory.containers
    .filter((c) => c.host === seen.host)
    .flatMap((wanted) => {
      const found = seen.facts.containers.find((c) => c.name === wanted.name);
      if (found?.labels[PROJECT_LABEL] !== scene.fabric.inventory.name) return [];
      const trouble = stateTrouble(found) ?? networkTrouble(scene, seen, { wanted, found });
      return trouble === undefined ? [] : [told(seen, wanted, trouble)];
    });

type Trouble = { readonly id: DiagnosisId; readonly seen: string; readonly command: string };
type Patient = { readonly wanted: InventoryContainer; readonly found: DockerContainer };

const told = ({ host }: Seen, { name, ref }: InventoryContainer, trouble: Trouble): Cause =>
  cause(trouble.id, {
    host,
    seen: `container ${name}: ${trouble.seen}`,
    remedy: onHost(host, trouble.command) satisfies Remedy,
    deployFixes: trouble.id === "container-paused" || trouble.id === "container-detached",
    hitsCheck: ofContainers(new Set([ref])),
  });

const stateTrouble = ({ name, state, status }: DockerContainer): Trouble | undefined => {
  if (state === "paused")
    return { id: "container-paused", seen: "is paused", command: `docker unpause ${quote(name)}` };
  if (state !== "restarting") return undefined;
  const seen = `keeps ending: ${status}`;
  return { id: "container-restarting", seen, command: `docker logs --tail 20 ${quote(name)}` };
};

/** Prints as options of `docker network connect` the names by which the others know a container, which Docker forgets when it is taken off. */
const attachment = (network: string, name: string): string => {
  const options = "{{range .Aliases}}--alias {{.}} {{end}}{{range .Links}}--link {{.}} {{end}}";
  return `docker inspect -f ${quote(`{{with index .NetworkSettings.Networks "${network}"}}${options}{{end}}`)} ${quote(name)}`;
};

/** Docker forgets it too; the inventory knows it. */
const fixedAddress = ({ address }: InventoryContainer): string => (address === undefined ? "" : `--ip ${address} `);

const networkTrouble = ({ fabric }: Scene, { host, facts, depth }: Seen, patient: Patient): Trouble | undefined => {
  const { wanted, found } = patient;
  const network = fabric.inventory.networks.find((n) => n.name === wanted.network);
  const docker = facts.networks.find((n) => network !== undefined && n.name === dockerNetworkOf(network, host));
  if (docker === undefined || found.state !== "running") return undefined;
  const address = found.addresses[docker.name];
  if (!address) {
    const fixed = fixedAddress(wanted);
    const command = `docker network connect ${fixed}${quote(docker.name)} ${quote(wanted.name)}`;
    return { id: "container-detached", seen: `is not attached to the network ${docker.name}`, command };
  }
  const inside = depth.containers.get(found.id);
  if (inside === undefined) return undefined;
  const place: Place = {
    name: wanted.name,
    fixed: fixedAddress(wanted),
    docker,
    address,
    inside,
    links: depth.own.links,
  };
  return deviceTrouble(place) ?? plugTrouble(place) ?? routeTrouble(place) ?? mtuTrouble(place);
};

type Place = {
  readonly name: string;
  /** `--ip ADDRESS ` where the inventory has one. */
  readonly fixed: string;
  readonly docker: DockerNetwork;
  readonly address: string;
  readonly inside: ContainerDepth;
  /** The host's devices. */
  readonly links: readonly DeepLink[];
};

/** Runs ip in the container's namespace with the host's own program. */
const inside = (name: string, commands: readonly string[]): string =>
  `nsenter -t "$(docker inspect -f '{{.State.Pid}}' ${quote(name)})" -n sh -c ${quote(commands.join(" && "))}`;

/** The container's device toward the network: the one with the address, else the one whose cable ends in the bridge, else the only one. */
const deviceOf = ({ inside, address, docker, links }: Place): DeepLink | undefined => {
  const own = inside.space.links.filter((l) => l.name !== "lo");
  const master = (link: DeepLink) => links.find((l) => l.name === inside.peers.get(link.name))?.master;
  return (
    own.find((l) => l.addresses.some((a) => a.address === address)) ??
    own.find((l) => master(l) === docker.bridge) ??
    (own.length === 1 ? own[0] : undefined)
  );
};

const prefixOf = ({ docker }: Place): string => docker.subnets[0]?.split("/")[1] ?? "24";

/** What brings back the default route, which goes with the device; nothing for networks without a gateway. */
const defaultRoute = ({ docker: { gateway } }: Place): readonly string[] =>
  gateway === undefined ? [] : [`ip route replace default via ${gateway}`];

const deviceTrouble = (place: Place): Trouble | undefined => {
  const { name, docker, address, fixed } = place;
  const device = deviceOf(place);
  if (device === undefined) {
    const command = [
      `set -- $(${attachment(docker.name, name)})`,
      `docker network disconnect -f ${quote(docker.name)} ${quote(name)}`,
      `docker network connect "$@" ${fixed}${quote(docker.name)} ${quote(name)}`,
    ].join("; ");
    return { id: "container-interface", seen: "has no device toward its network any more", command };
  }
  if (!device.up) {
    const command = inside(name, [`ip link set dev ${quote(device.name)} up`, ...defaultRoute(place)]);
    return { id: "container-interface", seen: `its device ${device.name} is down`, command };
  }
  if (device.addresses.some((a) => a.address === address)) return undefined;
  const has = device.addresses.map((a) => a.address).join(", ");
  const seen = `its device ${device.name} has ${has === "" ? "no address" : has}, not ${address}, which Docker gave it`;
  const add = `ip address add ${address}/${prefixOf(place)} dev ${quote(device.name)}`;
  return { id: "container-address", seen, command: inside(name, [add, ...defaultRoute(place)]) };
};

const plugTrouble = (place: Place): Trouble | undefined => {
  const { docker, links, inside: own } = place;
  const device = deviceOf(place);
  const veth = links.find((l) => device !== undefined && l.name === own.peers.get(device.name));
  if (device === undefined || veth === undefined) return undefined;
  const id = "container-unplugged";
  if (!veth.up) {
    const seen = `the other end of its cable, ${veth.name}, is switched off`;
    return { id, seen, command: `ip link set dev ${quote(veth.name)} up` };
  }
  if (veth.master === docker.bridge) return undefined;
  const where = veth.master === undefined ? "in no bridge" : `in ${veth.master}`;
  const seen = `the other end of its cable, ${veth.name}, is ${where}, not in ${docker.bridge}`;
  return { id, seen, command: `ip link set dev ${quote(veth.name)} master ${quote(docker.bridge)}` };
};

const routeTrouble = (place: Place): Trouble | undefined => {
  const { inside: own, docker, name } = place;
  const { routes, links } = own.space;
  const first = routes.find((r) => r.table === "main" && r.destination === "0.0.0.0/0" && r.type === "unicast");
  if (docker.gateway === undefined) return undefined;
  const command = inside(name, defaultRoute(place));
  if (first === undefined) return { id: "container-route", seen: "has no default route", command };
  // One that is in several networks has its default route in one of them.
  const isAlone = links.filter((l) => l.name !== "lo").length === 1;
  if (!isAlone || first.gateway === docker.gateway) return undefined;
  const where = first.gateway === undefined ? `dev ${first.device ?? "none"}` : `via ${first.gateway}`;
  const seen = `its default route leads ${where}, not via the bridge ${docker.gateway}`;
  return { id: "container-route", seen, command };
};

const mtuTrouble = (place: Place): Trouble | undefined => {
  const { inside: own, docker, links, name } = place;
  const device = deviceOf(place);
  const veth = links.find((l) => device !== undefined && l.name === own.peers.get(device.name));
  if (device === undefined) return undefined;
  const id = "container-mtu";
  if (device.mtu !== docker.mtu) {
    const seen = `its device ${device.name} has MTU ${device.mtu}, its network ${docker.mtu}`;
    return { id, seen, command: inside(name, [`ip link set dev ${quote(device.name)} mtu ${docker.mtu}`]) };
  }
  if (veth === undefined || veth.mtu >= docker.mtu) return undefined;
  const seen = `the other end of its cable, ${veth.name}, has MTU ${veth.mtu}, its network ${docker.mtu}`;
  return { id, seen, command: `ip link set dev ${quote(veth.name)} mtu ${docker.mtu}` };
};
