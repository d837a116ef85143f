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

/** For good: its anonymous volumes go too, also those that were carried over from a predecessor. */
export const removal = (container: Container): DockerStep =>
  step(
    change("-", container, container.image),
    remove(container.name, true),
    ...(container.anonymous ?? []).map(({ name }): DockerCall => ({ call: "removeVolume", name })),
  );

/** To be made anew on another network: its anonymous volumes stay for the successor. */
export const uprooting = (container: Container): DockerStep =>
  step(change("-", container, `its network ${container.network} goes`), remove(container.name, false));

/** Creates and starts a container, with the anonymous volumes of its predecessor. */
export const creation = (want: Container, predecessor?: Container): DockerStep =>
  step(change("+", want, `${want.image} on network ${want.network}`), ...createCalls(want, predecessor));

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

const mending = (want: Container, have: Container, changed: readonly string[]): DockerStep => {
  const told = changed.map((text) => `${text}: ${mendedBy(text) ?? ""}`);
  return step(change("~", want, told.join(", ")), ...mendCalls(want, have));
};

const mendCalls = (want: Container, have: Container): readonly DockerCall[] => {
  const { name, network } = want;
  const isDetached = have.networks?.includes(network) === false;
  const endpoint = endpointOf({ address: want.address });
  const calls: readonly (DockerCall | false)[] = [
    have.paused === true && { call: "unpauseContainer", name },
    have.lost?.includes(network) === true && { call: "disconnectNetwork", name, network },
    isDetached && { call: "connectNetwork", name, network, endpoint },
    !have.running && { call: "startContainer", name },
  ];
  return calls.filter((call) => call !== false);
};

/**
 * One that stands under another name gets its own back; where an interrupted replacement has left it and something else differs, it is replaced
 * and its anonymous volumes are kept.
 */
export const inheritance = (want: Container, have: Container, changed: readonly string[]): DockerStep => {
  const { name } = want;
  const rename: DockerCall = {
    call: "renameContainer",
    name: have.name,
    to: name,
    undo: { call: "renameContainer", name, to: have.name },
  };
  if (changed.every((text) => mendedBy(text) !== undefined)) {
    const told = ["renamed back", ...changed.map((text) => mendedBy(text) ?? "")].join(", ");
    return step(change("~", want, `stands there as ${have.name}: ${told}`), rename, ...mendCalls(want, have));
  }
  const stop: DockerCall = { call: "stopContainer", name: have.name };
  const told = `${have.name} is left of it: ${changed.join(", ")}`;
  return step(
    change("±", want, told),
    ...(have.running ? [stop] : []),
    ...createCalls(want, have),
    remove(have.name, true),
  );
};

type Changed = { readonly want: Container; readonly have: Container | undefined; readonly changed: readonly string[] };

/** The predecessor keeps its place under another name until the successor runs. */
export const containerStep = ({ want, have, changed }: Changed): DockerStep => {
  if (have === undefined) return creation(want);
  if (changed.every((text) => mendedBy(text) !== undefined)) return mending(want, have, changed);
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
  return step(change("±", want, changed.join(", ")), ...retire, ...createCalls(want, have), remove(old, true));
};
