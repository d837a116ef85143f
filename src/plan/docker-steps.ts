import { withTag } from "../model/image-name.ts";
import { PROJECT_LABEL, retiredName } from "../model/names.ts";
import type { Container, Network, Volume } from "../model/state.ts";
import type { Difference } from "./diff.ts";
import type { Change, DockerCall, DockerStep, NetworkBody, Sign } from "./step.ts";

const step = (change: Change, ...calls: readonly DockerCall[]): DockerStep => ({
  kind: "docker",
  changes: [change],
  calls,
});

/** Networks that are replaced take their containers with them: Docker removes no network that is in use. */
export const dockerSteps = (
  all: readonly Difference[],
  actual: readonly Container[],
  project: string,
): readonly DockerStep[] => {
  const networks = differencesOf<Network>(all, "network");
  const containers = differencesOf<Container>(all, "container");
  const replaced = new Set(networks.filter((n) => n.have && n.want).map((n) => n.have?.name));
  const uprooted = actual.filter((c) => replaced.has(c.network));
  const homeless = (name: string): boolean => uprooted.some((c) => c.name === name);
  const gone = containers.flatMap((c) => (c.have && !c.want ? [c.have] : []));
  const wanted = containers.flatMap((c) => (c.want ? [{ ...c, want: c.want }] : []));
  return [
    ...pulls(wanted.map((c) => c.want)),
    ...gone.map((c) => removal(c)),
    ...uprooted
      .filter((c) => !gone.includes(c))
      .map((c) => step(change("-", c, `its network ${c.network} is replaced`), removeContainer(c.name))),
    ...networks.flatMap((n) => networkSteps(n, project)),
    ...differencesOf<Volume>(all, "volume").map((v) => volumeStep(v, project)),
    ...wanted.map((c) => containerStep(homeless(c.want.name) ? { ...c, have: undefined } : c)),
  ];
};

type Pair<T> = { readonly want: T | undefined; readonly have: T | undefined; readonly changed: readonly string[] };

const differencesOf = <T extends Difference["want"] & object>(
  all: readonly Difference[],
  kind: T["kind"],
): readonly Pair<T>[] => all.filter((d) => (d.want ?? d.have)?.kind === kind) as unknown as readonly Pair<T>[];

const change = (sign: Sign, { kind, name }: Container | Network | Volume, detail: string): Change => ({
  sign,
  what: `${kind} ${name}`,
  detail,
});

const pulls = (containers: readonly Container[]): readonly DockerStep[] => {
  const missing = new Set(containers.filter((c) => c.imageId === undefined).map((c) => withTag(c.image)));
  return [...missing].map((image) =>
    step({ sign: "+", what: `image ${image}`, detail: "pulled" }, { call: "pullImage", image }),
  );
};

const removeContainer = (name: string): DockerCall => ({ call: "removeContainer", name });
const removal = (container: Container): DockerStep =>
  step(change("-", container, container.image), removeContainer(container.name));

const networkSteps = ({ want, have, changed }: Pair<Network>, project: string): readonly DockerStep[] => {
  const remove: DockerCall[] = have === undefined ? [] : [{ call: "removeNetwork", name: have.name }];
  if (want === undefined) return have === undefined ? [] : [step(change("-", have, have.subnet), ...remove)];
  const create: DockerCall = {
    call: "createNetwork",
    body: networkBody(want, project),
    undo: { call: "removeNetwork", name: want.name },
  };
  const sign = have === undefined ? "+" : "±";
  const detail = have === undefined ? `${want.subnet}, bridge ${want.bridge}, MTU ${want.mtu}` : changed.join(", ");
  return [step(change(sign, want, detail), ...remove, create)];
};

const networkBody = (network: Network, project: string): NetworkBody => ({
  Name: network.name,
  Driver: "bridge",
  Labels: { [PROJECT_LABEL]: project },
  Options: {
    "com.docker.network.bridge.name": network.bridge,
    "com.docker.network.driver.mtu": String(network.mtu),
  },
  // Without the driver's name some engines take 15 s to think (docker-java#1114, compose#5248).
  IPAM: { Driver: "default", Config: [{ Subnet: network.subnet, Gateway: network.gateway }] },
});

const volumeStep = ({ want, have }: Pair<Volume>, project: string): DockerStep => {
  if (want !== undefined)
    return step(change("+", want, "named volume"), {
      call: "createVolume",
      name: want.name,
      labels: { [PROJECT_LABEL]: project },
    });
  const name = have?.name ?? "";
  return step({ sign: "-", what: `volume ${name}`, detail: "with its data" }, { call: "removeVolume", name });
};

const containerStep = ({ want, have, changed }: Pair<Container> & { readonly want: Container }): DockerStep => {
  const create: readonly DockerCall[] = [
    {
      call: "createContainer",
      name: want.name,
      body: want.body ?? { Image: want.image, HostConfig: {} },
      undo: removeContainer(want.name),
    },
    { call: "startContainer", name: want.name },
  ];
  if (have === undefined) return step(change("+", want, `${want.image} on network ${want.network}`), ...create);
  if (changed.join() === "not running")
    return step(change("~", want, "not running: started"), { call: "startContainer", name: want.name });
  const old = retiredName(want.name);
  const stop: DockerCall = {
    call: "stopContainer",
    name: want.name,
    undo: { call: "startContainer", name: want.name },
  };
  const rename: DockerCall = {
    call: "renameContainer",
    name: want.name,
    to: old,
    undo: { call: "renameContainer", name: old, to: want.name },
  };
  const retire = have.running ? [stop, rename] : [rename];
  return step(change("±", want, changed.join(", ")), ...retire, ...create, removeContainer(old));
};
