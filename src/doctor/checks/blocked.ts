import { allSubnets } from "../../walk/accept.ts";
import { walkEnd } from "../../walk/blocking.ts";
import { deciderText, type Hop } from "../../walk/hop.ts";
import { request } from "../../walk/packet.ts";
import { isOurs, removal } from "../../walk/removal.ts";
import { firstDrop, walkBoth } from "../../walk/walk.ts";
import type { World } from "../../walk/world.ts";
import type { Finding } from "../finding.ts";
import type { Cause, CheckEnd } from "../diagnosis.ts";
import type { Health } from "../../observe/health.ts";
import { WHY, type DiagnosisId } from "../ids.ts";
import { managed } from "./managed.ts";
import { cause, crossing, here, ofContainers, onHost, type Scene } from "./scene.ts";

/** The hosts as a walk needs them. */
export const worldOf = ({ seen }: Scene): World =>
  new Map(seen.map(({ host, facts, depth }) => [host, { facts, depth }]));

type Known = { readonly findings: readonly Finding[]; readonly health: ReadonlyMap<string, Health> };

/**
 * Foreign rules, policies and routes that drop the packets of failed checks, found by walking those through what was read; and what else
 * drops them where nothing that is known already would explain it. Packets that did arrive need no walk: they know better.
 */
export const blocked = (scene: Scene, causes: readonly Cause[], { findings, health }: Known): readonly Cause[] => {
  const found = new Map<string, Cause>();
  const note = (hop: Hop, way?: readonly [CheckEnd, CheckEnd]): void => {
    const cause = causeOf(scene, hop, health);
    const trace = `${scene.deploy.replace(" deploy ", " trace ")} ${way?.map(({ ref }) => ref).join(" ") ?? ""}`;
    const key = `${hop.host} ${deciderText(hop.decides)}`;
    found.set(key, cause.id === "check-failed" ? { ...cause, remedy: here(trace) } : cause);
  };
  const walks = walksOf(scene, findings).map((way) => ({ ...way, drops: dropsOn(scene, way) }));
  for (const { drops } of walks)
    drops.filter((hop) => isForeign(hop, scene) && !isOwnTrouble(hop, scene, causes)).forEach((hop) => note(hop));
  for (const { from, to, drops } of walks) {
    const known = [...causes, ...found.values()];
    const [first] = drops.filter((hop) => !isOwnTrouble(hop, scene, causes));
    if (first !== undefined && !known.some((c) => c.severity === "fault" && c.hitsCheck?.(from, to) === true))
      note(first, [from, to]);
  }
  return [...found.values()];
};

/** Walks that are made at most; one takes a millisecond or two. */
const WALKS = 60;

type Walk = {
  readonly from: CheckEnd;
  readonly to: CheckEnd;
  readonly port: number | undefined;
  readonly size: number | undefined;
};

/** A walk for each failed check, alike ones between the same hosts once; and for pairs of hosts that no check is about. */
const walksOf = ({ fabric }: Scene, findings: readonly Finding[]): readonly Walk[] => {
  const { containers } = fabric.inventory;
  const end = (ref: string): CheckEnd => ({ ref, host: containers.find((c) => c.ref === ref)?.host ?? "" });
  const all = findings.map((f) => ({ finding: f, from: end(f.from), to: end(f.to) }));
  const checked = new Set(all.flatMap(({ from, to }) => [`${from.host} ${to.host}`, `${to.host} ${from.host}`]));
  const failed = all
    .filter(({ finding }) => finding.result === "failed")
    .map(({ finding, from, to }): Walk => ({ from, to, port: portOf(finding), size: finding.tooBig }));
  const first = new Map(containers.toReversed().map((c) => [`${c.network} ${c.host}`, c]));
  const open = [...first.values()].flatMap((a) =>
    [...first.values()]
      .filter((b) => b.network === a.network && b.host !== a.host && !checked.has(`${a.host} ${b.host}`))
      .map((b): Walk => ({ from: a, to: b, port: undefined, size: undefined })),
  );
  const keyOf = ({ from, to, port, size }: Walk): string => [from.host, to.host, port, size].join(" ");
  const once = (walks: readonly Walk[]): readonly Walk[] => [...new Map(walks.map((w) => [keyOf(w), w])).values()];
  return [...once(failed).slice(0, WALKS), ...once(open).slice(0, WALKS)];
};

const portOf = ({ probe }: Finding): number | undefined =>
  probe.kind === "tcp" ? probe.port : probe.kind === "http" ? Number(new URL(probe.url).port || 80) : undefined;

/** Everything that drops it, there and back, in order. */
const dropsOn = (scene: Scene, { from, to, port, size }: Walk): readonly Hop[] => {
  const world = worldOf(scene);
  const [a, b] = [walkEnd(scene.fabric, world, from.ref), walkEnd(scene.fabric, world, to.ref)];
  if (a === undefined || b === undefined) return [];
  const packet = request({ source: a.address, destination: b.address, port, size });
  const { there, back } = walkBoth(world, { from: a.place, packet });
  return [...there.hops, ...(back?.hops ?? [])].filter(({ verdict }) => verdict === "drops");
};

/** What drops a ping of one host to another's own address. */
export const pingBlocker = (scene: Scene, from: string, to: string): Hop | undefined => {
  const world = worldOf(scene);
  const [source, destination] = [scene.fabric.addresses.get(from), scene.fabric.addresses.get(to)];
  if (!world.has(from) || !world.has(to) || source === undefined || destination === undefined) return undefined;
  const { there, back } = walkBoth(world, {
    from: { host: from, container: undefined },
    packet: request({ source, destination }),
  });
  return firstDrop(there.hops) ?? (back && firstDrop(back.hops));
};

/** A rule that would not be asked if ours were in their place. */
const isOwnTrouble = ({ host, container, decides }: Hop, { fabric }: Scene, causes: readonly Cause[]): boolean =>
  container === undefined &&
  (decides.kind === "rule" || decides.kind === "policy") &&
  causes.some((c) => c.host === host && c.table === decides.table && c.id.startsWith("rules-")) &&
  fabric.inventory.networks.length > 0;

/** A rule that somebody else than Docker and xhost has made, or a route in a table that neither uses. */
const isForeign = (hop: Hop, { fabric }: Scene): boolean => {
  const { decides: d } = hop;
  if (d.kind === "ip rule" || d.kind === "nft") return true;
  if (d.kind === "route") return hop.container === undefined && !["main", "local", "default"].includes(d.table);
  if (d.kind !== "rule") return false;
  return hop.container !== undefined || !(isOurs(hop, fabric.inventory.name) || isDockers(d));
};

/** Docker's chains, and what it puts into raw PREROUTING: `-d ADDRESS/32 ! -i BRIDGE -j DROP` (moby, iptabler/endpoint.go). */
const isDockers = ({ table, chain, text }: { table: string; chain: string; text: string }): boolean =>
  (chain.startsWith("DOCKER") && chain !== "DOCKER-USER") ||
  (table === "raw" && /^-d [\d.]+\/32 ! -i \S+ -j DROP$/.test(text));

/** By what decides; what is no rule and no route has a name of its own, and where nothing on a host decides the check has just failed. */
const IDS: Readonly<Record<Hop["decides"]["kind"], DiagnosisId>> = {
  ...{ rule: "rule-blocks", policy: "rule-blocks", nft: "rule-blocks", "ip rule": "policy-rule" },
  ...{ route: "route-foreign", sysctl: "sysctl-changed", neighbour: "neighbour-wrong", fdb: "fdb-wrong" },
  ...{ peer: "peer-wrong", device: "check-failed", tap: "check-failed", network: "check-failed" },
};

const idOf = ({ decides: d, container }: Hop): DiagnosisId => {
  const id = IDS[d.kind];
  if (container !== undefined && id === "rule-blocks") return "container-blocks";
  if (container !== undefined && d.kind === "route") return "container-route";
  if (d.kind === "route" && d.table !== "main") return "policy-rule";
  if (d.kind !== "sysctl") return id;
  return d.key.endsWith("rp_filter") ? "rp-filter" : d.key.endsWith("forwarding") ? "interface-forwarding" : id;
};

const causeOf = (scene: Scene, hop: Hop, health: ReadonlyMap<string, Health>): Cause => {
  const told = managed(scene, hop, health.get(hop.host));
  const plain = plainCause(scene, hop, hop.host);
  return told === undefined
    ? plain
    : { ...plain, id: told.id, why: WHY[told.id], remedy: onHost(hop.host, told.command) };
};

const plainCause = (scene: Scene, hop: Hop, host: string): Cause => {
  const command = removal(hop, { subnets: allSubnets(scene.fabric) });
  const refs = scene.fabric.inventory.containers
    .filter((c) => c.host === host && isIn(scene, hop, c.name))
    .map((c) => c.ref);
  const inside = hop.container === undefined ? "" : `in the namespace of ${refs.join(", ")}: `;
  return cause(idOf(hop), {
    host,
    seen: `${inside}${hop.point}: ${deciderText(hop.decides)}: ${hop.why}`,
    remedy: command === undefined ? here(scene.deploy.replace(" deploy ", " plan ")) : onHost(host, command),
    hitsCheck: hop.container === undefined ? crossing(host) : ofContainers(new Set(refs)),
    hitsUnderlay: hop.isOuter ? (from, to) => from === host || to === host : undefined,
  });
};

const isIn = ({ seen }: Scene, { container, host }: Hop, name: string): boolean =>
  seen.find((s) => s.host === host)?.facts.containers.some((c) => c.id === container && c.name === name) === true;
