import type { Sizes, Way } from "../../model/evidence.ts";
import { waysToMeasure } from "../../model/ways.ts";
import type { Cause } from "../diagnosis.ts";
import { cause, here, listed, onHost, type Scene } from "./scene.ts";

/** What is no fault of the ways between the hosts, but worth knowing. */
export const waysNoted = (scene: Scene, sizes: ReadonlyMap<Way, Sizes>): readonly Cause[] => [
  ...unknown(scene),
  ...grown(scene, sizes),
  ...qdiscs(scene),
];

/** Ways of which nothing is kept, or something about other addresses. */
const unknown = ({ fabric, seen, deploy }: Scene): readonly Cause[] => {
  const near = new Set(seen.map(({ host }) => host));
  const ways = waysToMeasure(fabric, { again: false, matters: (from) => near.has(from) });
  return [...Map.groupBy(ways, ({ from }) => from)].map(([host, own]) =>
    cause("not-measured", {
      host,
      peer: own.length === 1 ? own[0]?.to : undefined,
      severity: "warning",
      seen: `nothing is kept of what the ways to ${listed(own.map(({ to }) => to))} pass`,
      remedy: here(deploy),
      deployFixes: true,
    }),
  );
};

/** Both ways of a pair pass more than when they were measured. */
const grown = ({ fabric, deploy }: Scene, sizes: ReadonlyMap<Way, Sizes>): readonly Cause[] => {
  const growth = (way: Way): readonly number[] =>
    [...(sizes.get(way) ?? [])].map(([carrier, bytes]) => {
      const before = fabric.evidence(way.from, way.to)?.sizes.get(carrier) ?? bytes;
      return before > 0 && bytes > before ? bytes : 0;
    });
  const all = [...sizes.keys()];
  const byEnds = new Map(all.map((way) => [`${way.from} ${way.to}`, way]));
  return all.flatMap((way) => {
    const back = way.from > way.to ? undefined : byEnds.get(`${way.to} ${way.from}`);
    if (back === undefined) return [];
    const bytes = Math.min(...growth(way), ...growth(back));
    if (bytes === 0 || !Number.isFinite(bytes)) return [];
    return [
      cause("path-mtu-grown", {
        host: way.from,
        peer: way.to,
        severity: "warning",
        seen: `packets of ${bytes} bytes arrive both ways now, more than when it was measured`,
        remedy: here(`${deploy} --reprobe`),
        deployFixes: true,
      }),
    ];
  });
};

/** What throws packets away on purpose (tc-netem(8)); fq_codel and its kin drop a little by design. */
const qdiscs = ({ seen }: Scene): readonly Cause[] =>
  seen.flatMap(({ host, depth }) =>
    depth.qdiscs
      .filter(({ kind, dropped }) => kind === "netem" || (kind === "tbf" && dropped > 0))
      .map(({ device, kind, dropped }) =>
        cause("qdisc", {
          host,
          severity: "warning",
          seen: `${device} has the queueing discipline ${kind}, which has dropped ${dropped} packets`,
          remedy: onHost(host, `tc qdisc del dev ${device} root`),
        }),
      ),
  );
