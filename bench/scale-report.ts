// What the scale bench says of its measurements. Pure.
import { lineThrough, slopes, type Line } from "./scale-fit.ts";
import { WORKS, type Size, type Work } from "./scale-measure.ts";
import { markdownTable, type Section } from "./section.ts";
import { lineChart } from "./svg.ts";

const NAMES: Readonly<Record<Work, string>> = {
  ssh: "`ssh HOST true`",
  read: "`ssh HOST sh -s`, read script",
  fresh: "fresh deploy",
  "no-op": "no change",
  add: "a host more",
};
const OURS: readonly Work[] = ["no-op", "fresh", "add"];
/** MiB that xhost may use: 400 MB. */
const MEMORY = 400e6 / 2 ** 20;
/** How far off a straight line the farthest point may be, for growth to be called linear: the machine's own speed changes by that. */
const OFF = 0.15;

export const reportOf = (sizes: readonly Size[]): Section => {
  return {
    title: "Growth with the number of hosts",
    markdown: [
      about(sizes),
      "Seconds from start to exit, and how many times the read script's a deploy without changes takes:",
      markdownTable(["hosts", ...WORKS.map((w) => NAMES[w]), "no change / read script"], sizes.map(timeRow)),
      "Of that xhost's processor time, seconds: its own, what the kernel took for it (which delivers its packets to the hosts here), and the programs that it starts; and its peak memory, MiB:",
      markdownTable(["hosts", ...OURS.map((w) => NAMES[w])], sizes.map(usageRow)),
      "What stands on the hosts after a fresh deploy, and routes for each second of it:",
      markdownTable(["hosts", "routes", "ways measured", "routes / s"], sizes.map(routeRow)),
      ...(isCurve(sizes) ? growth(sizes) : []),
      verdict(sizes),
    ].join("\n\n"),
    plots: {
      "scale-time.svg": lineChart({
        ...{ title: "From start to exit", xLabel: "hosts", yLabel: "seconds" },
        series: WORKS.map((work) => curve(sizes, work, seconds)),
      }),
      "scale-each.svg": lineChart({
        ...{ title: "For each host", xLabel: "hosts", yLabel: "milliseconds" },
        series: WORKS.map((work) => curve(sizes, work, each)),
      }),
      "scale-memory.svg": lineChart({
        ...{ title: "Peak memory of xhost", xLabel: "hosts", yLabel: "MiB" },
        series: OURS.map((work) => curve(sizes, work, memory)),
      }),
    },
  };
};

const about = (
  sizes: readonly Size[],
): string => `\`npm run bench:scale -- --sizes ${sizes.map(({ hosts }) => hosts).join(",")}\`, each size measured once, on one machine with all the hosts:
${[...new Set(sizes.map(({ versions }) => versions))].join("; ")}.

Real: an sshd for each host, network namespaces with a kernel's routes and rules, files, locks, and the network between them. xhost runs on
their switch and logs in without a proxy. Shared: the hosts have two processors together, and one dockerd, which a shim shows to each
host as its own (its names, its networks and nobody else's) and whose bridges it makes in the host's namespace. That dockerd writes
no rules; hosts begin with the FORWARD policy and the DOCKER-USER chain that an engine leaves. No containers, so no checks of them.
The kernel's neighbour table is shared too and is filled from outside while ways are measured, as ARP would on real hosts; the fresh
deploy and the one that adds a host read those lines too.
The network is a bridge with plain routes, a /24 for each host out of ${[...new Set(sizes.map(({ pool }) => pool))].join(", ")}. 64 hosts at a time, in xhost as in the loops over ssh.`;

type Value = (size: Size, work: Work) => number;
const seconds: Value = (size, work) => size.works[work].seconds;
/** Milliseconds for each host. */
const each: Value = (size, work) => (1000 * seconds(size, work)) / size.hosts;
const memory: Value = (size, work) => size.works[work].usage?.memory ?? 0;

const curve = (sizes: readonly Size[], work: Work, value: Value) => ({
  name: NAMES[work].replaceAll("`", ""),
  points: sizes.map((size) => [size.hosts, value(size, work)] as const),
});

const timeRow = (size: Size): readonly string[] => [
  String(size.hosts),
  ...WORKS.map((work) => seconds(size, work).toFixed(1)),
  (seconds(size, "no-op") / seconds(size, "read")).toFixed(2),
];

const usageRow = (size: Size): readonly string[] => [
  String(size.hosts),
  ...OURS.map((work) => {
    const { user = 0, system = 0, programs = 0 } = size.works[work].usage ?? {};
    return `${[user, system, programs].map((n) => n.toFixed(1)).join(" + ")}, ${memory(size, work).toFixed(0)}`;
  }),
];

const routeRow = (size: Size): readonly string[] =>
  [size.hosts, size.routes, size.ways, Math.round(size.routes / seconds(size, "fresh"))].map(String);

/** Three sizes, the largest four times the smallest: through less any line goes. */
const isCurve = (sizes: readonly Size[]): boolean =>
  sizes.length >= 3 && (sizes.at(-1)?.hosts ?? 0) >= 4 * (sizes[0]?.hosts ?? 0);

/** Each host of N has a route to every other one: what one of them takes is to grow in a straight line, and what xhost has to remember of all. */
const growth = (sizes: readonly Size[]): readonly string[] => {
  const steps = sizes.slice(1).map(({ hosts }, i) => `${sizes[i]?.hosts ?? ""} to ${hosts}`);
  const told = ({ start, each: slope, off }: Line): string =>
    `${start.toFixed(0)} ${slope < 0 ? "-" : "+"} ${Math.abs(slope).toFixed(2)} N, ${(off * 100).toFixed(0)} %`;
  return [
    "Milliseconds for each host, which has a route and a way to every other one: all of them together have their square. The straight line of N hosts, with the farthest point's distance:",
    markdownTable(
      ["", ...sizes.map(({ hosts }) => `${hosts} hosts`), "line, off by"],
      timeLines(sizes).map(({ name, points, line }) => [name, ...points.map(([, y]) => y.toFixed(0)), told(line)]),
    ),
    "KiB of memory that each further host costs, by step, and the line of the whole:",
    markdownTable(
      ["", ...steps, "line, off by"],
      memoryLines(sizes).map(({ name, points, line }) => [
        name,
        ...slopes(points).map((slope) => slope.toFixed(0)),
        told(line),
      ]),
    ),
  ];
};

const linesOf = (sizes: readonly Size[], works: readonly Work[], value: Value) =>
  works.map((work) => {
    const points = sizes.map((size) => [size.hosts, value(size, work)] as const);
    return { name: NAMES[work], points, line: lineThrough(points) };
  });
const timeLines = (sizes: readonly Size[]) => linesOf(sizes, WORKS, each);
const memoryLines = (sizes: readonly Size[]) => linesOf(sizes, OURS, (size, work) => 1024 * memory(size, work));

const verdict = (sizes: readonly Size[]): string => {
  const large = sizes.flatMap((size) =>
    OURS.filter((work) => memory(size, work) > MEMORY).map((work) => `${NAMES[work]} of ${size.hosts} hosts`),
  );
  const room = large.length === 0 ? "No run used 400 MB." : `**More than 400 MB**: ${large.join(", ")}.`;
  if (!isCurve(sizes)) return room;
  const bent = [
    ...timeLines(sizes).map((each) => ({ ...each, of: "time for each host" })),
    ...memoryLines(sizes).map((each) => ({ ...each, of: "memory" })),
  ].filter(({ line }) => line.off > OFF);
  const said =
    bent.length === 0
      ? `Time for each host and memory grow linearly: no point is more than ${OFF * 100} % off its line.`
      : `**Not linear**, more than ${OFF * 100} % off: ${bent.map(({ name, of }) => `${of}, ${name}`).join("; ")}.`;
  return `${room} ${said}`;
};
