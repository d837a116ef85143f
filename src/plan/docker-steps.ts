import { withTag } from "../model/image-name.ts";
import { digest, PROJECT_LABEL, retiredName, SETTINGS_LABEL } from "../model/names.ts";
import { settingsLabel } from "../model/settings.ts";
import type { Container, Network, Volume } from "../model/state.ts";
import {
  change,
  containerStep,
  creation,
  inheritance,
  leftover,
  miscarriage,
  removal,
  step,
  uprooting,
} from "./container-steps.ts";
import { differences, type Difference } from "./diff.ts";
import { succession } from "./predecessors.ts";
import type { DockerCall, DockerStep, NetworkBody } from "./step.ts";

/** Both sides' containers, besides the differences: those on a network that goes have to be made anew, changed or not. */
type Containers = {
  readonly desired: readonly Container[];
  readonly actual: readonly Container[];
  readonly project: string;
};

/**
 * Docker removes no network that is in use, and two networks may not overlap: networks that go or are replaced lose their
 * containers before anything is created. What has data for a successor is there until that has started, wherever a plan is cut off.
 */
export const dockerSteps = (
  all: readonly Difference[],
  { desired, actual, project }: Containers,
): readonly DockerStep[] => {
  const networks = differencesOf<Network>(all, "network");
  const changed = new Map(differencesOf<Container>(all, "container").map((d) => [d.want?.name, d]));
  const volumes = differencesOf<Volume>(all, "volume");
  const going = new Set(networks.flatMap((n) => n.have?.name ?? []));
  const isUprooted = (have: Container): boolean => offNetworks(have, going).length > 0;
  const { heirs, reserves, stillborn, leftovers } = succession(desired, actual, isUprooted);
  const wanted = new Set(desired.map((c) => c.name));
  const kept = [...heirs.values(), ...reserves.values()];
  const staying = actual.filter((have) => wanted.has(have.name) && !stillborn.includes(have));
  const uprooted = new Map(staying.filter(isUprooted).map((have) => [have.name, have]));
  const made = desired.flatMap((want) => {
    const left = heirs.get(want.name);
    if (left !== undefined) return [{ want, step: inherited(want, uprootedFrom(left, going)) }];
    const predecessor = uprooted.get(want.name);
    if (predecessor !== undefined) return [{ want, step: creation(want, predecessor) }];
    const difference = changed.get(want.name);
    const reserve = reserves.get(want.name);
    return difference === undefined ? [] : [{ want, step: containerStep({ ...difference, want, reserve }) }];
  });
  const known = new Set([...staying, ...stillborn, ...kept, ...leftovers]);
  const gone = actual.filter((have) => !known.has(have));
  return [
    ...pulls(made.map(({ want }) => want)),
    ...leftovers.map(leftover),
    ...removals(gone, [...staying, ...kept]),
    ...[...uprooted.values()].map((have) => uprooting(have, offNetworks(have, going), retiredName(have.name))),
    ...stillborn.map(miscarriage),
    ...kept.filter(isUprooted).map((have) => uprooting(have, offNetworks(have, going), have.name)),
    ...networks.filter((n) => !n.want).flatMap((n) => networkSteps(n, project)),
    ...networks.filter((n) => n.want).flatMap((n) => networkSteps(n, project)),
    ...volumes.map((v) => volumeStep(v, project)),
    ...made.map((m) => m.step),
  ];
};

/** The networks that a container has to be taken off. */
const offNetworks = ({ network, networks = [network] }: Container, going: ReadonlySet<string>): readonly string[] =>
  networks.filter((name) => going.has(name));

/** What a container is after that. */
const uprootedFrom = (have: Container, going: ReadonlySet<string>): Container => {
  const { network, networks = [network], running } = have;
  const stays = networks.filter((name) => !going.has(name));
  return { ...have, networks: stays, running: running && stays.length === networks.length };
};

const inherited = (want: Container, left: Container): DockerStep =>
  inheritance(want, left, differences([want], [{ ...left, name: want.name }])[0]?.changed ?? []);

/** A volume goes with the last container that has it: a successor and its predecessor have the same ones. */
const removals = (gone: readonly Container[], staying: readonly Container[]): readonly DockerStep[] => {
  const last = new Map([...gone, ...staying].flatMap((have) => (have.anonymous ?? []).map(({ name }) => [name, have])));
  return gone.map((have) => {
    const anonymous = have.anonymous?.filter(({ name }) => last.get(name) === have) ?? [];
    return removal({ ...have, anonymous });
  });
};

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
