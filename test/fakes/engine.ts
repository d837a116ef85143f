// A model of Docker, as far as it refuses something: names, networks and volumes in use.
import type { ContainerBody } from "../../src/model/container-body.ts";
import type { Container, HostState, Network } from "../../src/model/state.ts";
import type { DockerCall } from "../../src/plan/step.ts";

type Kept = { readonly name: string; readonly destination: string };
export type Box = {
  name: string;
  readonly image: string;
  readonly mode: string;
  networks: string[];
  running: boolean;
  readonly kept: readonly Kept[];
  readonly own: readonly string[];
};
/** Docker keeps a stopped container's note of a network that is removed, and does not start it then. */
const LOST = "lost ";

/** Networks by name with their subnet, containers, and volumes. */
export type Docker = { networks: Map<string, string>; boxes: Box[]; volumes: string[] };

/** A network as plans know it. */
export const network = (name: string, subnet: string): Network => ({
  ...{ kind: "network", name, subnet, gateway: subnet.replace(/0\/.*/, "1"), bridge: `xh-${name}`, mtu: 1500 },
});
/** What xhost would see there. */
export const observed = ({ networks, boxes }: Docker): HostState => [
  ...[...networks].map(([name, subnet]) => network(name, subnet)),
  ...boxes.map(({ name, image, mode, networks: all, running, kept }): Container => {
    const on = all.filter((each) => networks.has(each));
    const lost = all.flatMap((each) => (each.startsWith(LOST) ? [each.slice(LOST.length)] : []));
    const settings = { Image: image, NetworkMode: mode };
    return {
      ...{ kind: "container", name, image, imageId: image, settings, running },
      ...{ network: on[0] ?? "", networks: on, lost, anonymous: kept },
    };
  }),
];

/** How this Docker says no. */
export const refused = (why: string): never => {
  throw new Error(why);
};
const boxOf = (docker: Docker, name: string): Box =>
  docker.boxes.find((box) => box.name === name) ?? refused(`no container ${name}`);
const isFree = (docker: Docker, name: string): boolean => !docker.boxes.some((box) => box.name === name);
const users = (docker: Docker, volume: string): readonly Box[] =>
  docker.boxes.filter(({ kept }) => kept.some(({ name }) => name === volume));

const created = (docker: Docker, name: string, body: ContainerBody): Box => {
  if (!isFree(docker, name)) refused(`the name ${name} is in use`);
  const {
    NetworkMode,
    Binds = [],
    Mounts = [],
  } = body.HostConfig as {
    NetworkMode: string;
    Binds?: readonly string[];
    Mounts?: readonly { Target: string }[];
  };
  const carried = Binds.map((bind) => ({ name: bind.split(":")[0] ?? "", destination: bind.split(":")[1] ?? "" }));
  const fresh = Mounts.map(({ Target }) => ({ name: `new${docker.volumes.length}`, destination: Target }));
  docker.volumes.push(...fresh.map((f) => f.name));
  const own = fresh.map((f) => f.name);
  return {
    name,
    image: body.Image,
    mode: NetworkMode,
    networks: [NetworkMode],
    running: false,
    kept: [...carried, ...fresh],
    own,
  };
};

type Doing = {
  readonly [K in DockerCall["call"]]?: (docker: Docker, call: Extract<DockerCall, { call: K }>) => void;
};

const DOING: Doing = {
  createNetwork: ({ networks }, { body }) => networks.set(body.Name, body.IPAM.Config[0]?.Subnet ?? ""),
  removeNetwork: (docker, { name }) => {
    if (docker.boxes.some((box) => box.running && box.networks.includes(name))) refused("has active endpoints");
    docker.networks.delete(name);
    for (const box of docker.boxes) box.networks = box.networks.map((n) => (n === name ? LOST + n : n));
  },
  createContainer: (docker, { name, body }) => docker.boxes.push(created(docker, name, body)),
  startContainer: (docker, { name }) => {
    const box = boxOf(docker, name);
    if (!box.networks.every((each) => docker.networks.has(each))) refused("network not found");
    box.running = true;
  },
  stopContainer: (docker, { name }) => {
    boxOf(docker, name).running = false;
  },
  renameContainer: (docker, { name, to }) => {
    if (!isFree(docker, to)) refused(`the name ${to} is in use`);
    boxOf(docker, name).name = to;
  },
  connectNetwork: (docker, { name, network: to }) => boxOf(docker, name).networks.push(to),
  disconnectNetwork: (docker, { name, network: from }) => {
    const box = boxOf(docker, name);
    const on = box.networks.filter((each) => each !== from && each !== LOST + from);
    if (on.length === box.networks.length) refused("is not connected");
    box.networks = on;
  },
  removeContainer: (docker, { name, volumes }) => {
    const gone = boxOf(docker, name);
    docker.boxes = docker.boxes.filter((box) => box !== gone);
    if (volumes) docker.volumes = docker.volumes.filter((v) => !gone.own.includes(v) || users(docker, v).length > 0);
  },
  removeVolume: (docker, { name }) => {
    if (users(docker, name).length > 0) refused(`volume ${name} is in use`);
    docker.volumes = docker.volumes.filter((each) => each !== name);
  },
};

/** Does a call, or refuses it. */
export const done = (docker: Docker, call: DockerCall): void => {
  const does = DOING[call.call] as ((docker: Docker, call: DockerCall) => void) | undefined;
  (does ?? refused(call.call))(docker, call);
};
