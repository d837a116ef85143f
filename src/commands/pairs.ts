import type { Fabric } from "../model/fabric.ts";
import { pairOf, type Pair } from "../model/pairs.ts";
import type { Look } from "./look.ts";
import { table } from "./table.ts";

/** Every pair of hosts of every network that has an end on a chosen host and could be judged, in the order of the file. */
export const pairsOf = ({ inventory, chosen }: Look, whole: Fabric): readonly Pair[] =>
  inventory.networks.flatMap((network) => {
    const hosts = [...network.blocks.keys()];
    return hosts.flatMap((a, i) =>
      hosts
        .slice(i + 1)
        .filter((b) => chosen.has(a) || chosen.has(b))
        .flatMap((b) => pairOf(whole, network, a, b) ?? []),
    );
  });

/** A pair of which one end, or both, was not seen: what carries its packets cannot be told. */
export type UnknownPair = {
  readonly network: string;
  readonly hosts: readonly [string, string];
  readonly unseen: readonly string[];
};

/** Pairs with an end on a chosen host that could not be judged, in the order of the file. */
export const unknownPairs = ({ inventory, chosen, sights }: Look): readonly UnknownPair[] => {
  const isUnseen = (host: string): boolean => sights.get(host)?.facts === undefined;
  return inventory.networks.flatMap(({ name: network, blocks }) => {
    const hosts = [...blocks.keys()];
    return hosts.flatMap((a, i) =>
      hosts
        .slice(i + 1)
        .filter((b) => (chosen.has(a) || chosen.has(b)) && (isUnseen(a) || isUnseen(b)))
        .map((b) => ({ network, hosts: [a, b] as const, unseen: [a, b].filter(isUnseen) })),
    );
  });
};

/** Rows of `status` for pairs that are not known: one for each, of very many one for each host that did not answer. */
export const unknownTable = (pairs: readonly UnknownPair[]): string => {
  const why = (unseen: readonly string[]): string => `not known: ${unseen.join(" and ")} did not answer`;
  const single = pairs.map(({ network, hosts, unseen }) => [network, hosts.join(" - "), "unknown", why(unseen)]);
  const groups = Map.groupBy(pairs, ({ network, unseen }) => `${network} ${unseen[0] ?? ""}`);
  const many = [...groups.values()].map((group) => [
    group[0]?.network ?? "",
    `${group.length} pairs`,
    "unknown",
    why([group[0]?.unseen[0] ?? ""]),
  ]);
  return table(["NETWORK", "BETWEEN", "PLANE", "WHY"], pairs.length <= MAX_ROWS ? single : many);
};

/** Such a pair as plain data, beside those of `pairJson`. */
export const unknownJson = ({ network, hosts, unseen }: UnknownPair) => ({
  ...{ network, hosts, plane: null, mtu: null, measured: null },
  attempts: [],
  unseen,
});

const MAX_ROWS = 20;

/** The pairs as a table: which plane, what it carries, and why no leaner one; of very many the same are one row. */
export const pairsTable = (pairs: readonly Pair[]): string => {
  if (pairs.length === 0) return "";
  const rows = pairs.length <= MAX_ROWS ? pairs.map(row) : grouped(pairs);
  return table(["NETWORK", "BETWEEN", "PLANE", "MTU", "WHY", "MEASURED"], rows);
};

const row = (pair: Pair): readonly string[] => [
  pair.network,
  pair.hosts.join(" - "),
  pair.plane ?? "none",
  pair.mtu === undefined ? "" : String(pair.mtu),
  whyOf(pair),
  pair.at ?? "",
];

/** What is wrong with the leaner planes, and what was seen of the chosen one. */
export const whyOf = ({ plane, attempts }: Pair): string => {
  const until = attempts.findIndex((attempt) => attempt.plane === plane);
  const told = until < 0 ? attempts : attempts.slice(0, until + 1);
  return told.map(({ plane: tried, why }) => (told.length === 1 ? why : `${tried}: ${why}`)).join("\n");
};

const grouped = (pairs: readonly Pair[]): readonly (readonly string[])[] => {
  const groups = Map.groupBy(pairs, ({ network, plane, mtu }) => [network, plane ?? "none", mtu ?? ""].join(" "));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (group.length === 1) return [row(first)];
    const times = group.flatMap(({ at }) => at ?? []).sort();
    const [network = "", , plane = "", mtu = ""] = row(first);
    const why = `such as ${first.hosts.join(" - ")}:\n${whyOf(first)}`;
    return [[network, `${group.length} pairs`, plane, mtu, why, times[0] ?? ""]];
  });
};

/** A pair as plain data. */
export const pairJson = ({ network, hosts, plane, mtu, attempts, at }: Pair) => ({
  network,
  hosts,
  plane: plane ?? null,
  mtu: mtu ?? null,
  measured: at ?? null,
  attempts: attempts.map((attempt) => ({ ...attempt, mtu: attempt.mtu ?? null })),
});
