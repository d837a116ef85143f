import type { XhostError } from "../errors.ts";
import { planes } from "../model/planes/index.ts";
import type { Carrier, Sizes, Way } from "../model/evidence.ts";
import { pairOf, type Pair } from "../model/pairs.ts";
import { waysToMeasure } from "../model/ways.ts";
import type { Cause } from "./diagnosis.ts";
import type { DiagnosisId } from "./ids.ts";
import { gathered, type Gathered } from "./hubs.ts";
import type { HostPing } from "./reach.ts";
import { pingBlocker } from "./checks/blocked.ts";
import { passingOf } from "../walk/accept.ts";
import { deciderText } from "../walk/hop.ts";
import { removal } from "../walk/removal.ts";
import { between, cause, here, onHost, type Scene } from "./checks/scene.ts";

/** What a pair's network needs of the ways between its hosts. */
type Need = { readonly pair: Pair; readonly carrier: Carrier; readonly bytes: number; readonly isAuto: boolean };

/** What the networks need on each way, by `from to`; several networks may share a carrier. */
export const needsOf = ({ fabric, seen }: Scene): ReadonlyMap<string, readonly Need[]> => {
  const there = new Set(seen.map(({ host }) => host));
  const needs = fabric.inventory.networks.flatMap((network) => {
    const hosts = [...network.blocks.keys()].filter((host) => fabric.sights.get(host)?.facts !== undefined);
    return hosts.flatMap((from) =>
      hosts
        .filter((to) => to !== from && (there.has(from) || there.has(to)))
        .flatMap((to): [string, Need][] => {
          const pair = pairOf(fabric, network, from, to);
          if (pair?.plane === undefined || pair.mtu === undefined) return [];
          const carrier = planes[pair.plane].carrier(fabric.ports, to);
          const bytes = pair.mtu + planes[pair.plane].overhead;
          return [[`${from} ${to}`, { pair, carrier, bytes, isAuto: network.plane === "auto" }]];
        }),
    );
  });
  const grouped = Map.groupBy(needs, ([key]) => key);
  return new Map([...grouped].map(([key, all]) => [key, all.map(([, need]) => need)]));
};

/** The ways to measure: with the carriers that are in use, or with `full` with all that might be. */
export const waysInUse = (
  { fabric }: Scene,
  needs: ReadonlyMap<string, readonly Need[]>,
  full: boolean,
): readonly Way[] =>
  waysToMeasure(fabric, { again: true, matters: (from, to) => needs.has(`${from} ${to}`) })
    .map((way) => {
      const used = new Set(needs.get(`${way.from} ${way.to}`)?.map(({ carrier }) => carrier));
      return full ? way : { ...way, carriers: way.carriers.filter((carrier) => used.has(carrier)) };
    })
    .filter(({ carriers }) => carriers.length > 0);

/** Pings between the hosts' own addresses, on the same ways. */
export const hostPingsOf = (ways: readonly Way[]): readonly HostPing[] =>
  ways.map(({ from, to, target }) => ({ from, to, address: target }));

type Measured = {
  readonly needs: ReadonlyMap<string, readonly Need[]>;
  readonly sizes: ReadonlyMap<Way, Sizes>;
  readonly answered: ReadonlyMap<HostPing, boolean>;
};

/** One direction that does not carry what its network needs. */
type Short = Need & { readonly way: Way; readonly size: number; readonly pinged: boolean | undefined };

/**
 * What the fabric between two hosts does not pass, though the plane in use needs it: one diagnosis for both directions. What a known cause
 * on the hosts themselves explains is left out.
 */
export const pairCauses = (scene: Scene, measured: Measured, known: readonly Cause[]): readonly Cause[] => {
  const isKnown = (from: string, to: string): boolean => known.some((c) => c.hitsUnderlay?.(from, to) === true);
  const pinged = new Map([...measured.answered].map(([{ from, to }, ok]) => [`${from} ${to}`, ok]));
  const short = [...measured.sizes].flatMap(([way, sizes]) => {
    const key = `${way.from} ${way.to}`;
    if (isKnown(way.from, way.to)) return [];
    return (measured.needs.get(key) ?? []).flatMap((need): Short[] => {
      const size = sizes.get(need.carrier);
      return size === undefined || size >= need.bytes ? [] : [{ ...need, way, size, pinged: pinged.get(key) }];
    });
  });
  const byId = Map.groupBy(short, idOf);
  const groups = [...byId.values()].flatMap((all) => gathered(all, ({ way }) => [way.from, way.to]));
  const lost = groups.map((group) => shortCause(scene, group));
  const told = new Set(short.map(({ way }) => [way.from, way.to].sort().join(" ")));
  return [
    ...lost,
    ...silent(scene, measured, (from, to) => isKnown(from, to) || told.has([from, to].sort().join(" "))),
  ];
};

const idOf = ({ size, pinged, carrier }: Short): DiagnosisId => {
  if (size > 0) return "path-mtu";
  if (pinged === false) return "underlay-lost";
  return carrier === "foreign" ? "foreign-dropped" : carrier === "proto4" ? "proto4-dropped" : "udp-dropped";
};

const shortCause = ({ deploy }: Scene, { hub, items }: Gathered<Short>): Cause => {
  const [first] = items as readonly [Short];
  const { from, to } = first.way;
  const id = idOf(first);
  const what = wordsOf(first.carrier);
  const directions = directionsOf(hub, items);
  const isOneWay = hub === undefined && items.every(({ way }) => way.from === from);
  const ends = isOneWay ? ", though they do the other way" : "";
  const least = Math.min(...items.map(({ size }) => size));
  const seen = {
    "path-mtu": `${what} arrive ${directions.join(" and ")} only up to ${least} bytes, not ${first.bytes}`,
    "underlay-lost": `neither pings nor ${what} arrive ${directions.join(" nor ")}${ends}`,
  };
  const canAdapt = id === "path-mtu" || items.every(({ isAuto }) => isAuto);
  const advice = `# let ${what} pass ${directions.join(" and ")}, or write \`plane: auto\` for network ${first.pair.network}; then\n`;
  const peers = new Set(items.flatMap(({ way }) => [way.from, way.to]).filter((name) => name !== (hub ?? from)));
  return cause(id, {
    host: hub ?? from,
    peer: hub === undefined ? to : undefined,
    seen:
      id === "path-mtu" || id === "underlay-lost"
        ? seen[id]
        : `${what} do not arrive ${directions.join(" nor ")}${ends}`,
    remedy: here(`${canAdapt ? "" : advice}${deploy} --reprobe`),
    deployFixes: canAdapt,
    hitsCheck: between(hub ?? from, peers),
    hitsUnderlay: (a, b) => [a, b].includes(hub ?? from) && [a, b].some((name) => peers.has(name)),
  });
};

/** In words: both directions of a pair, or the one host and how many others. */
const directionsOf = (hub: string | undefined, items: readonly Short[]): readonly string[] => {
  if (hub === undefined) return [...new Set(items.map(({ way }) => `from ${way.from} to ${way.to}`))];
  const [to, from] = [
    items.filter(({ way }) => way.to === hub).map(({ way }) => way.from),
    items.filter(({ way }) => way.from === hub).map(({ way }) => way.to),
  ];
  return [
    ...(from.length > 0 ? [`from ${hub} to ${shortly(from)}`] : []),
    ...(to.length > 0 ? [`from ${shortly(to)} to ${hub}`] : []),
  ];
};

const shortly = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(", ") : `${names.length} hosts (${names.slice(0, 2).join(", ")} ...)`;

const wordsOf = (carrier: Carrier): string =>
  carrier === "foreign"
    ? "packets with container addresses"
    : carrier === "proto4"
      ? "packets of IP protocol 4"
      : `packets to UDP port ${carrier.slice(4)}`;

/** Hosts that do not answer pings though what containers need arrives. */
const silent = (
  scene: Scene,
  { answered }: Measured,
  isTold: (from: string, to: string) => boolean,
): readonly Cause[] => {
  const mute = [...answered].filter(([{ from, to }, ok]) => !ok && !isTold(from, to)).map(([ping]) => ping);
  const groups = Map.groupBy(mute, ({ from, to }) => [from, to].sort().join(" "));
  return [...groups.values()].map((group) => {
    const [{ from, to, address }] = group as [HostPing, ...HostPing[]];
    const hop = pingBlocker(scene, from, to);
    // Many a host is not to answer pings: nothing of its firewall is taken away for them.
    const command = hop?.packet && removal(hop, { passing: passingOf(hop.packet, []) });
    const host = hop?.host ?? to;
    return cause("underlay-ping", {
      host,
      peer: host === to ? from : to,
      severity: "warning",
      seen: `${to} (${address}) does not answer pings of ${from}${hop === undefined ? "" : `: ${hop.point}: ${deciderText(hop.decides)}`}`,
      remedy: command === undefined ? onHost(from, `ping -c 3 ${address}`) : onHost(host, command),
    });
  });
};

/** Hosts that can neither send nor hear what measures the fabric. */
export const notMeasured = (errors: readonly XhostError[]): readonly Cause[] =>
  errors.map(({ host = "", message }) =>
    cause("not-measured", {
      host,
      severity: "warning",
      seen: message.slice(host.length + 2).split("\n")[0] ?? message,
      remedy: onHost(host, "apt-get install -y perl-base || dnf install -y perl-interpreter || apk add perl"),
    }),
  );
