import { endpointOf, type ContainerBody } from "../model/container-body.ts";
import { retiredName } from "../model/names.ts";
import type { Container, Network, Volume } from "../model/state.ts";
import { carriedOver } from "./carried-over.ts";
import type { Change, DockerCall, DockerStep, Sign } from "./step.ts";

/** A step of Docker calls that shows one change. */
export const step = (shown: Change, ...calls: readonly DockerCall[]): DockerStep => ({
  kind: "docker",
  changes: [shown],
  calls,
});

export const change = (sign: Sign, { kind, name }: Container | Network | Volume, detail: string): Change => ({
  sign,
  what: `${kind} ${name}`,
  detail,
});

const remove = (name: string, volumes: boolean): DockerCall => ({ call: "removeContainer", name, volumes });

/** What an interrupted replacement has left beside its successor, which has its volumes. */
export const leftover = (container: Container): DockerStep =>
  step(change("-", container, "is left of a replacement"), remove(container.name, true));

/** A successor that never came up, and has no data but its predecessor's. */
export const miscarriage = (container: Container): DockerStep =>
  step(change("-", container, "never came up"), remove(container.name, false));

/** For good: its anonymous volumes go too, also those that were carried over from a predecessor. */
export const removal = (container: Container): DockerStep =>
  step(
    change("-", container, container.image),
    remove(container.name, true),
    ...(container.anonymous ?? []).map(({ name }): DockerCall => ({ call: "removeVolume", name })),
  );

/** Off the networks that go, under a name by which the next plan knows it, should this one be cut off: its data are a successor's. */
export const uprooting = (have: Container, going: readonly string[], name: string): DockerStep => {
  const told = `its network ${going.join(", ")} goes`;
  return step(
    change(name === have.name ? "~" : "-", have, told),
    ...(have.running ? [stop(have.name)] : []),
    ...(name === have.name ? [] : [rename(have.name, name)]),
    ...going.map((network): DockerCall => ({ call: "disconnectNetwork", name, network })),
  );
};

const stop = (name: string): DockerCall => ({ call: "stopContainer", name, undo: { call: "startContainer", name } });

const rename = (name: string, to: string): DockerCall => ({
  ...{ call: "renameContainer", name, to },
  undo: { call: "renameContainer", name: to, to: name },
});

/** Creates and starts a container, with the anonymous volumes of its predecessor, which was uprooted and goes when it has started. */
export const creation = (want: Container, predecessor?: Container): DockerStep =>
  step(
    change("+", want, `${want.image} on network ${want.network}`),
    ...createCalls(want, predecessor),
    ...(predecessor === undefined ? [] : [remove(retiredName(want.name), true)]),
  );

const createCalls = (want: Container, predecessor: Container | undefined): readonly DockerCall[] => {
  const bodies = [want.body, want.shown].map((body): ContainerBody =>
    carriedOver(body ?? { Image: want.image, HostConfig: {} }, predecessor?.anonymous ?? []),
  );
  const [body, shown] = bodies as [ContainerBody, ContainerBody];
  return [
    { call: "createContainer", name: want.name, body, shown, undo: remove(want.name, false) },
    { call: "startContainer", name: want.name },
  ];
};

/** What a container is brought back from as it is, and the word for that. */
const MENDED: readonly (readonly [RegExp, string])[] = [
  [/^not running$/, "started"],
  [/^paused$/, "unpaused"],
  [/^not on network /, "connected"],
];

const mendedBy = (changed: string): string | undefined => MENDED.find(([what]) => what.test(changed))?.[1];

/** Whether the container that stands will do, with all that is different put right. */
export const isMendable = (changed: readonly string[]): boolean =>
  changed.every((text) => mendedBy(text) !== undefined);

const mending = ({ want, have, changed, reserve }: Changed & { readonly have: Container }): DockerStep => {
  const told = changed.map((text) => `${text}: ${mendedBy(text) ?? ""}`);
  return step(
    change("~", want, told.join(", ")),
    ...(reserve?.running === true ? [stop(reserve.name)] : []),
    ...mendCalls(want, have),
    ...(reserve === undefined ? [] : [remove(reserve.name, true)]),
  );
};

const mendCalls = (want: Container, have: Container): readonly DockerCall[] => {
  const { name, network, body, shown } = want;
  const made = body === undefined || shown === undefined ? {} : { made: { body, shown } };
  const isDetached = have.networks?.includes(network) === false;
  const endpoint = endpointOf({ address: want.address });
  const calls: readonly (DockerCall | false)[] = [
    have.paused === true && { call: "unpauseContainer", name },
    have.lost?.includes(network) === true && { call: "disconnectNetwork", name, network },
    isDetached && { call: "connectNetwork", name, network, endpoint },
    !have.running && { call: "startContainer", name, ...made },
  ];
  return calls.filter((call) => call !== false);
};

/**
 * One that stands under another name gets its own back; where an interrupted replacement has left it and something else differs, it is replaced
 * and its anonymous volumes are kept.
 */
export const inheritance = (want: Container, have: Container, changed: readonly string[]): DockerStep => {
  if (isMendable(changed)) {
    const told = ["renamed back", ...changed.map((text) => mendedBy(text) ?? "")].join(", ");
    const detail = `stands there as ${have.name}: ${told}`;
    return step(change("~", want, detail), rename(have.name, want.name), ...mendCalls(want, have));
  }
  const told = `${have.name} is left of it: ${changed.join(", ")}`;
  return step(
    change("±", want, told),
    ...(have.running ? [stop(have.name)] : []),
    ...createCalls(want, have),
    remove(have.name, true),
  );
};

type Changed = {
  readonly want: Container;
  readonly have: Container | undefined;
  readonly changed: readonly string[];
  /** The predecessor of one that does not run yet. */
  readonly reserve?: Container | undefined;
};

/** The predecessor keeps its place under another name until the successor runs. */
export const containerStep = (difference: Changed): DockerStep => {
  const { want, have, changed } = difference;
  if (have === undefined) return creation(want);
  if (isMendable(changed)) return mending({ ...difference, have });
  const old = retiredName(want.name);
  const retire = [...(have.running ? [stop(want.name)] : []), rename(want.name, old)];
  return step(change("±", want, changed.join(", ")), ...retire, ...createCalls(want, have), remove(old, true));
};
