import { bootChanges } from "./boot-changes.ts";
import { changedSettings } from "../model/settings.ts";
import type { WireguardPeer } from "../model/link.ts";
import { isRemembered, keyOf, type HostState, type Resource } from "../model/state.ts";

/** One resource on both sides; at least one of them is there. */
export type Difference = {
  readonly want: Resource | undefined;
  readonly have: Resource | undefined;
  /** What is different, in words; empty where one side is missing. */
  readonly changed: readonly string[];
  /** Whether it goes by itself, with something else that goes: nothing has to be done. */
  readonly byItself?: boolean;
};

/** Resources that differ between two states, wanted ones in their order first, then those that have to go. */
export const differences = (desired: HostState, actual: HostState): readonly Difference[] => {
  const there = new Map(actual.map((r) => [keyOf(r), r]));
  const wanted = new Set<string>();
  const differing: Difference[] = [];
  // Of a first deploy all resources differ, millions of them in a fleet: each key is made once, and what is the same in all of them is there once.
  for (const want of desired) {
    const key = keyOf(want);
    wanted.add(key);
    const have = there.get(key);
    const changed = have === undefined ? NONE : changes(want, have);
    if (have === undefined || changed.length > 0) differing.push({ want, have, changed });
  }
  const gone = actual
    .filter((r) => !wanted.has(keyOf(r)))
    .filter((r) => !isRemembered(r) || r.previous !== undefined)
    .map((have): Difference => ({ want: undefined, have, changed: NONE }));
  return [...differing, ...gone];
};

const NONE: readonly string[] = [];

type OfKind<K extends Resource["kind"]> = Extract<Resource, { kind: K }>;

/** What is different between two of the same key, by kind; what is not here is compared by all that is wanted. */
const COMPARED: { readonly [K in Resource["kind"]]?: (want: OfKind<K>, have: OfKind<K>) => readonly string[] } = {
  network: (want, have) => [
    ...fields(want, have, ["subnet", "gateway", "bridge", "mtu"]),
    ...(have.trouble === undefined
      ? []
      : [`its bridge ${have.bridge} is ${have.trouble === "bare" ? "without its address" : have.trouble}`]),
  ],
  container: (want, have) => containerChanges(want, have),
  sysctl: (want, have) => shared(have, fields(want, have, ["value"])),
  table: (want, have) => shared(have, have.present === want.present || have.previous !== undefined ? [] : ["absent"]),
  module: (want, have) => shared(have, have.present === want.present ? [] : ["not loaded"]),
  route: (want, have) => fields(want, have, ["via", "device", "source", "onlink", "mtu"]),
  peer: (want, have) => peerChanges(want, have),
  file: (want, have) => fields(want, have, ["content"]).map(() => "another content"),
  chain: (want, have) => ruleChanges(want.rules, have.rules),
  jump: (want, have) => jumpChanges(want, have),
  boot: (want, have) => bootChanges(want, have),
};

const changes = (want: Resource, have: Resource): readonly string[] => {
  const compare = COMPARED[want.kind] as ((want: Resource, have: Resource) => readonly string[]) | undefined;
  if (compare !== undefined) return compare(want, have);
  return fields(
    want,
    have,
    Object.keys(want).filter((key) => key !== "kind"),
  );
};

/** The kernel follows a peer that roams to where its packets come from. */
const peerChanges = (want: WireguardPeer, have: WireguardPeer): readonly string[] => [
  ...fields(want, have, want.roams ? ["keepalive"] : ["endpoint", "keepalive"]),
  ...(want.allowed.join() === have.allowed.join()
    ? []
    : [`allowed IPs ${have.allowed.join()} -> ${want.allowed.join()}`]),
];

/** How many rules come and go; rules that only change places count as nothing but still make a change. */
const ruleChanges = (want: readonly string[], have: readonly string[]): readonly string[] => {
  // Not as two texts: with hundreds of peers each has hundreds of kilobytes.
  if (want.length === have.length && want.every((rule, i) => rule === have[i])) return [];
  const [there, wanted] = [new Set(have), new Set(want)];
  const [more, less] = [want.filter((r) => !there.has(r)).length, have.filter((r) => !wanted.has(r)).length];
  return [more + less === 0 ? "order of rules" : `+${more} -${less} rules`];
};

/** Docker's name of a setting in the words of the inventory, where they differ by more than their spelling. */
const KEYS: Readonly<Record<string, string>> = {
  Binds: "volumes",
  Cmd: "command",
  Env: "environment",
  Mounts: "volumes",
  NetworkMode: "network",
  NetworkingConfig: "network",
  PortBindings: "ports",
  ExposedPorts: "ports",
  RestartPolicy: "restart",
};
const snake = (key: string): string => key.replace(/(?<=[a-z])[A-Z]/g, (c) => `_${c}`).toLowerCase();

type Jump = Extract<Resource, { kind: "jump" }>;

const jumpChanges = (want: Jump, have: Jump): readonly string[] => [
  ...(have.first ? [] : [`a foreign rule stands before it${have.ahead === undefined ? "" : `: ${have.ahead}`}`]),
  ...(have.rules.length > 1 ? [`${have.rules.length} of them`] : []),
  ...(have.rules.length === 1 && have.rules[0] !== want.rules[0] ? ["another form"] : []),
];

const containerChanges = (
  want: Extract<Resource, { kind: "container" }>,
  have: Extract<Resource, { kind: "container" }>,
): readonly string[] => [
  ...new Set(changedSettings(want.settings, have.settings).map((key) => KEYS[key] ?? snake(key))),
  ...(want.settings["Image"] === have.settings["Image"] && want.imageId !== undefined && want.imageId !== have.imageId
    ? [`${want.image} is another image now`]
    : []),
  ...(want.running && !have.running ? ["not running"] : []),
  ...(have.paused === true ? ["paused"] : []),
  ...(have.networks?.includes(want.network) === false ? [`not on network ${want.network}`] : []),
];

type Remembered = Extract<Resource, { kind: "sysctl" | "table" | "module" }>;

/** What another project has changed must not be put back when that project goes: this one answers for it too. */
const shared = (have: Remembered, changed: readonly string[]): readonly string[] =>
  have.held !== undefined && have.previous === undefined ? ["shared with another project"] : changed;

const fields = (want: Resource, have: Resource, keys: readonly string[]): readonly string[] =>
  keys.flatMap((key) => {
    const [a, b] = [Reflect.get(want, key) as unknown, Reflect.get(have, key) as unknown];
    return a === b ? [] : [`${key} ${shown(b)} -> ${shown(a)}`];
  });

const shown = (value: unknown): string =>
  value === undefined ? "none" : typeof value === "string" ? value : JSON.stringify(value);
