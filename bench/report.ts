// What was measured, as Markdown and as pictures.
import type { Pair } from "./measured.ts";
import { median, quantile, ratios as ratiosOf } from "./ratios.ts";
import { markdownTable, type Section } from "./section.ts";
import { barChart } from "./svg.ts";
import { ANSIBLE, isHeld, OPERATIONS, SWARM, targetOf, targetText, type Rival } from "./targets.ts";

/** Of the limit, and of the tools that people use: a table and a picture each, and what xhost itself takes. */
export const sectionsOf = (pairs: readonly Pair[]): readonly Section[] => {
  const tools: readonly Rival[] = [ANSIBLE, SWARM];
  const [limit, others] = [false, true].map((isTool) =>
    groupsOf(pairs.filter((p) => tools.includes(p.rival) === isTool)),
  );
  return [
    section("Against the limit", limit ?? [], "of the limit", ({ ratio }) => ratio),
    section("Against what people use", others ?? [], "times faster", ({ ratio }) => 1 / ratio),
    { title: "What xhost takes for it", markdown: costTable(limit ?? []), plots: {} },
  ].filter(({ markdown }) => markdown !== "");
};

/** The pairs of one row. `ratio` is xhost's time by the rival's, the median of the pairs' own. */
type Group = { readonly pairs: readonly Pair[]; readonly ratio: number; readonly ratios: readonly number[] } & Pick<
  Pair,
  "hosts" | "operation" | "rival"
>;

const groupsOf = (pairs: readonly Pair[]): readonly Group[] => {
  const keyed = Map.groupBy(pairs, ({ hosts, operation, rival }) => `${hosts} ${operation} ${rival}`);
  const groups = [...keyed.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const ratios = ratiosOf(group.map(({ ours, theirs }) => [ours.seconds, theirs] as const));
    const { hosts, operation, rival } = first;
    return [{ pairs: group, ratios, ratio: median(ratios), hosts, operation, rival }];
  });
  return groups.toSorted((a, b) => placeOf(a) - placeOf(b) || a.hosts - b.hosts);
};

const placeOf = ({ operation, rival }: Group): number => OPERATIONS.indexOf(operation) + (rival === SWARM ? 10 : 0);

const section = (title: string, groups: readonly Group[], unit: string, value: (group: Group) => number): Section => {
  if (groups.length === 0) return { title, markdown: "", plots: {} };
  const rows = groups.map((group) => {
    const { pairs, hosts, operation, rival } = group;
    const target = targetOf(operation, rival);
    const values = group.ratios.map((ratio) => value({ ...group, ratio }));
    return [
      ...[operation, rival, String(hosts)],
      ...[median(pairs.map(({ ours }) => ours.seconds)), median(pairs.map(({ theirs }) => theirs))].map((n) =>
        n.toFixed(2),
      ),
      value(group).toFixed(2),
      pairs.length === 1 ? "" : `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`,
      ...[String(pairs.length), target === undefined ? "" : targetText(target)],
      target === undefined ? "" : isHeld(target, group.ratio) ? "yes" : "**no**",
    ];
  });
  const head = ["operation", "beside", "hosts", "xhost, s", "other, s", unit, "spread", "pairs", "target", "held"];
  const picture = unit === "of the limit" ? "limit.svg" : "tools.svg";
  return { title, markdown: markdownTable(head, rows), plots: { [picture]: plot(title, groups, unit, value) } };
};

const plot = (title: string, groups: readonly Group[], unit: string, value: (group: Group) => number): string => {
  const names = [...new Set(groups.map(labelOf))];
  const sizes = [...new Set(groups.map(({ hosts }) => hosts))].toSorted((a, b) => a - b);
  const series = sizes.map((size) => ({
    name: `${size} hosts`,
    values: names.map((name) => {
      const group = groups.find((one) => one.hosts === size && labelOf(one) === name);
      return group === undefined ? Number.NaN : value(group);
    }),
  }));
  const mark = { name: "as fast as the other", value: 1 };
  return barChart({ title, xLabel: "", yLabel: unit, categories: names, series, mark });
};

const labelOf = ({ operation, rival }: Group): string =>
  rival === ANSIBLE || rival === SWARM ? `${operation}, ${rival}` : operation;

/** Of xhost and the programs that it starts on the operator's side; the hosts' own work is not in it. */
const costTable = (groups: readonly Group[]): string =>
  groups.length === 0
    ? ""
    : markdownTable(
        ["operation", "hosts", "user CPU, s", "peak memory, MiB"],
        groups.map(({ pairs, operation, hosts }) => [
          ...[operation, String(hosts), median(pairs.map(({ ours }) => ours.user)).toFixed(2)],
          quantile(
            pairs.map(({ ours }) => ours.memory),
            1,
          ).toFixed(0),
        ]),
      );

/** In one sentence: how many targets hold, and what is missed. */
export const verdictOf = (pairs: readonly Pair[]): string => {
  const wanted = groupsOf(pairs).flatMap((group) => {
    const target = targetOf(group.operation, group.rival);
    return target === undefined ? [] : [{ group, held: isHeld(target, group.ratio) }];
  });
  const missed = wanted
    .filter(({ held }) => !held)
    .map(({ group: g }) => `${g.operation} beside ${g.rival} on ${g.hosts} hosts`);
  return `${wanted.length - missed.length} of ${wanted.length} targets hold${missed.length > 0 ? `; missed: ${missed.join(", ")}` : ""}.`;
};
