import { withTag } from "../model/image-name.ts";
import { digest, PROJECT_LABEL, retiredName, SETTINGS_LABEL } from "../model/names.ts";
import { settingsLabel } from "../model/settings.ts";
import type { Container, Network, Volume } from "../model/state.ts";
import { change, containerStep, creation, inheritance, leftover, removal, step, uprooting } from "./container-steps.ts";
import { differences, type Difference } from "./diff.ts";
import { predecessors } from "./predecessors.ts";
import type { DockerCall, DockerStep, NetworkBody } from "./step.ts";

/** Both sides' containers, besides the differences: those on a network that goes have to be made anew, changed or not. */
type Containers = {
  readonly desired: readonly Container[];
  readonly actual: readonly Container[];
  readonly project: string;
};

/**
 * Docker removes no network that is in use, and two networks may not overlap: networks that go or are replaced take their
 * containers with them before anything is created.
 */
export const dockerSteps = (
  all: readonly Difference[],
  { desired, actual, project }: Containers,
): readonly DockerStep[] => {
  const networks = differencesOf<Network>(all, "network");
  const containers = differencesOf<Container>(all, "container");
  const volumes = differencesOf<Volume>(all, "volume");
  const going = new Set(networks.flatMap((n) => n.have?.name ?? []));
  const wanted = new Set(desired.map((c) => c.name));
  const uprooted = new Map(actual.filter((c) => isOn(c, going) && wanted.has(c.name)).map((c) => [c.name, c]));
  const changed = new Map(containers.map((d) => [d.want, d]));
  const heirs = predecessors(
    containers.flatMap(({ want, have }) => (want !== undefined && have === undefined ? [want] : [])),
    containers.flatMap(({ want, have }) =>
      want === undefined && have !== undefined && !isOn(have, going) ? [have] : [],
    ),
  );
  const inherited = new Set([...heirs.values()].map(({ name }) => name));
  const made = desired.flatMap((want) => {
    const predecessor = uprooted.get(want.name);
    if (predecessor !== undefined) return [{ want, step: creation(want, predecessor) }];
    const left = heirs.get(want.name);
    if (left !== undefined) return [{ want, step: inheritance(want, left, changesOf(want, left)) }];
    const difference = changed.get(want);
    return difference === undefined ? [] : [{ want, step: containerStep({ ...difference, want }) }];
  });
  return [
    ...pulls(made.map(({ want }) => want)),
    ...containers.flatMap(({ want, have }) =>
      have === undefined || want !== undefined || inherited.has(have.name)
        ? []
        : [desired.some(({ name }) => retiredName(name) === have.name) ? leftover(have) : removal(have)],
    ),
    ...[...uprooted.values()].map(uprooting),
    ...networks.filter((n) => !n.want).flatMap((n) => networkSteps(n, project)),
    ...networks.filter((n) => n.want).flatMap((n) => networkSteps(n, project)),
    ...volumes.map((v) => volumeStep(v, project)),
    ...made.map((m) => m.step),
  ];
};

const changesOf = (want: Container, have: Container): readonly string[] =>
  differences([want], [{ ...have, name: want.name }])[0]?.changed ?? [];

const isOn = ({ network, networks = [network] }: Container, going: ReadonlySet<string>): boolean =>
  networks.some((name) => going.has(name));

type Pair<T> = { readonly want: T | undefined; readonly have: T | undefined; readonly changed: readonly string[] };

const differencesOf = <T extends Difference["want"] & object>(
  all: readonly Difference[],
  kind: T["kind"],
): readonly Pair<T>[] => all.filter((d) => (d.want ?? d.have)?.kind === kind) as unknown as readonly Pair<T>[];

const pulls = (containers: readonly Container[]): readonly DockerStep[] => {
  const missing = new Set(containers.filter((c) => c.imageId === undefined).map((c) => withTag(c.image)));
  return [...missing].map((image) =>
    step({ sign: "+", what: `image ${image}`, detail: "pulled" }, { call: "pullImage", image }),
  );
};

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

/** For people who read labels: what stands is compared with what is wanted itself, field by field. */
const networkSettings = ({ subnet, bridge, mtu }: Network): Readonly<Record<string, string>> => ({
  Bridge: digest(bridge, 8),
  Mtu: digest(String(mtu), 8),
  Subnet: digest(subnet, 8),
});

const networkBody = (network: Network, project: string): NetworkBody => ({
  Name: network.name,
  Driver: "bridge",
  Labels: { [PROJECT_LABEL]: project, [SETTINGS_LABEL]: settingsLabel(networkSettings(network)) },
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
