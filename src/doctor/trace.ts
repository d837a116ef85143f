import type { Depth } from "../model/depth.ts";
import type { Host } from "../ssh/host.ts";
import type { Hop } from "../walk/hop.ts";
import type { World } from "../walk/world.ts";
import { guilt, type Case } from "./trace-judge.ts";
import { probe, type TraceResult } from "./trace-probe.ts";
import { seenOn, type Seen } from "./trace-sight.ts";
import { undisguised, type Fault, type Question, type Way } from "./trace-way.ts";

/** What was seen of the probes of one size. */
export type Traced = {
  readonly way: Way;
  /** Numbers of its probes. */
  readonly ids: readonly number[];
  readonly there: readonly Seen[];
  readonly back: readonly Seen[];
  /** How many came back to where they were sent from. */
  readonly returned: number;
  /** Whether what came back says that nobody listens on the port. */
  readonly isRefused: boolean;
  /** Why none was sent. */
  readonly unsent: string | undefined;
  /** Bytes that fit, as the sender was told where a probe was too big: no fault, whoever sends learns it. */
  readonly told: number | undefined;
  readonly fault: Fault | undefined;
};

/** Probes of each size. */
const PROBES = 3;

type Surroundings = {
  readonly world: World;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly isSourceKept: boolean;
};

/** Sends probes along the ways and says what became of those of each size, and what none of it can be told from. */
export const trace = async (
  question: Question,
  ways: readonly Way[],
  { world, hosts, isSourceKept }: Surroundings,
): Promise<{ readonly traced: readonly Traced[]; readonly deaf: TraceResult["deaf"] }> => {
  const result = await probe(orderOf(question, ways, { world, hosts }));
  const depths = new Map([...world].map(([name, { depth }]): [string, Depth] => [name, depth]));
  const traced = ways.map((way, i) => {
    const ids = Array.from({ length: PROBES }, (_, n) => i * PROBES + n);
    return tracedOf({ question, way, ids, result, depths, isSourceKept });
  });
  return { traced: traced.map((one) => narrowed(one, traced)), deaf: result.deaf };
};

/** Says of a network that loses big packets alone what it is. */
const narrowed = (one: Traced, all: readonly Traced[]): Traced => {
  const passing = all.find(({ returned, way }) => returned > 0 && way.size < one.way.size);
  if (passing === undefined || one.fault?.hop.decides.kind !== "network") return one;
  const why = `loses packets of ${one.way.size} bytes between containers and tells nobody, and passes those of ${passing.way.size}: a black hole for what is above its MTU`;
  return { ...one, fault: { ...one.fault, why } };
};

const orderOf = (
  { from, to, port }: Question,
  ways: readonly Way[],
  { world, hosts }: Pick<Surroundings, "world" | "hosts">,
): Parameters<typeof probe>[0] => {
  const names = new Set([
    from.place.host,
    to.place.host,
    ...ways.flatMap(({ there, back }) => [...there, ...back]).map((hop) => hop.host),
  ]);
  const spaceOf = ({ host, container = "" }: Question["from"]["place"]) => ({
    id: container,
    pid: world.get(host)?.depth.containers.get(container)?.pid ?? 0,
  });
  return {
    hosts: [...names].flatMap((name) => {
      const host = hosts.get(name);
      const inside = [from, to].filter(({ place }) => place.host === name).map(({ place }) => spaceOf(place));
      return host === undefined ? [] : [{ host, spaces: [{ id: "own", pid: 0 }, ...inside] }];
    }),
    from: { host: from.place.host, space: spaceOf(from.place), address: from.address },
    destination: to.address,
    port: port ?? 0,
    sizes: ways.flatMap(({ size }) => Array.from({ length: PROBES }, () => size)),
    lengths: [...new Set(ways.map(({ size }) => encryptedSize(size)))],
    ports: [...new Set([...world.values()].flatMap(({ facts }) => facts.wireguard.map((device) => device.port)))],
  };
};

/** Bytes of the packet in which WireGuard carries one of that size: filled up to 16, headers of IP, UDP and its own (its paper, section 5.4.6). */
const encryptedSize = (size: number): number => 20 + 8 + 16 + Math.ceil(size / 16) * 16 + 16;

type Material = {
  readonly question: Question;
  readonly way: Way;
  readonly ids: readonly number[];
  readonly result: TraceResult;
  readonly depths: ReadonlyMap<string, Depth>;
  readonly isSourceKept: boolean;
};

const tracedOf = ({ question, way, ids, result, depths, isSourceKept }: Material): Traced => {
  const { sightings, rises, deaf, unsent } = result;
  const spaces = [question.from.place, question.to.place];
  const hears = ({ host, container }: Pick<Hop, "host" | "container">): boolean =>
    !deaf.some((place) => place.host === host && place.container === container) &&
    (container === undefined || spaces.some((place) => place.host === host && place.container === container));
  const eyes = { sightings, depths, hears, encrypted: new Map([[encryptedSize(way.size), ids]]) };
  const addressesOf = (host: string): ReadonlySet<string> =>
    new Set((depths.get(host)?.own.links ?? []).flatMap((link) => link.addresses.map(({ address }) => address)));
  const senders = { there: addressesOf(question.from.place.host), back: addressesOf(question.to.place.host) };
  const there = seenOn(way.there, { ...eyes, kinds: ["request"], senders: senders.there });
  const back = seenOn(way.back, { ...eyes, kinds: ["answer", "refusal"], senders: senders.back });
  const trial: Case = {
    hops: [...way.there, ...way.back],
    seen: [...there, ...back.map((seen) => ({ ...seen, at: seen.at + way.there.length }))],
    ids,
    rises,
    errors: sightings.filter(({ kind }) => kind === "error"),
  };
  const home = sightings.filter(
    (s) => s.host === question.from.place.host && s.container === question.from.place.container && s.way === "in",
  );
  const answers = home.filter(({ kind, id }) => (kind === "answer" || kind === "refusal") && ids.includes(id));
  const returned = new Set(answers.map(({ id }) => id)).size;
  const told = home.find(({ error, id }) => error?.type === 3 && error.code === 4 && ids.includes(id))?.error?.mtu;
  const isRefused = answers.some(({ kind }) => kind === "refusal");
  // A refusal need not be the container's: a rule on the way can send one in its name.
  const isForged = isRefused && missedAtEnd(there, ids);
  const onlyThere: Case = { ...trial, hops: way.there, seen: there };
  const fault = isForged ? guilt(onlyThere) : returned > 0 ? undefined : guilt(trial);
  const isTold = told !== undefined && question.size === undefined;
  return {
    way,
    ids,
    there,
    back,
    returned,
    isRefused: isRefused && !isForged,
    unsent: ids.map((id) => unsent.get(id)).find((why) => why !== undefined),
    told,
    fault: isTold ? undefined : undisguised(fault, way.there, { source: question.from.address, isSourceKept }),
  };
};

/** Whether the last device on the way there was heard at and saw none of the probes. */
const missedAtEnd = (there: readonly Seen[], ids: readonly number[]): boolean => {
  const last = there.findLast((seen) => seen.ids !== undefined);
  return last !== undefined && !ids.some((id) => last.ids?.has(id) === true);
};
