// What the scale bench says of its measurements. Pure.
import { lineThrough, slopes } from "./scale-fit.ts";
import { WORKS, type Size, type Work } from "./scale-measure.ts";
import { lineChart } from "./svg.ts";

/** A section of the report on benchmarks; `plots` are SVG by file name. */
export type Report = {
  readonly title: string;
  readonly markdown: string;
  readonly plots: Readonly<Record<string, string>>;
};

const NAMES: Readonly<Record<Work, string>> = {
  ssh: "`ssh HOST true`",
  read: "`ssh HOST sh -s`, read script",
  fresh: "fresh deploy",
  "no-op": "deploy, no-op",
  plan: "plan, no-op",
  add: "add a host",
  destroy: "destroy",
};
const OURS: readonly Work[] = WORKS.filter((work) => work !== "ssh" && work !== "read");
/** MB that xhost may use. */
const MEMORY = 400;

export const reportOf = (sizes: readonly Size[], { versions, pool }: { versions: string; pool: string }): Report => {
  const counts = sizes.map(({ hosts }) => hosts);
  return {
    title: `Growth with the number of hosts: ${counts.join(", ")}`,
    markdown: [
      about(versions, pool),
      "Seconds from start to exit:",
      table(["hosts", ...WORKS.map((w) => NAMES[w]), "no-op / read script"], sizes.map(timeRow)),
      "xhost's own processor time, seconds (with the programs that it starts), and its peak memory, MB:",
      table(["hosts", ...OURS.map((w) => NAMES[w])], sizes.map(usageRow)),
      "Fresh deploy: what stands on the hosts afterwards, and routes for each second of it:",
      table(["hosts", "routes", "ways measured", "routes / s"], sizes.map(routeRow)),
      ...(sizes.length < 2 ? [] : [growth(sizes)]),
      ...misses(sizes),
    ].join("\n\n"),
    plots: {
      "scale-time.svg": lineChart({
        ...{ title: "From start to exit", xLabel: "hosts", yLabel: "seconds" },
        series: WORKS.filter((w) => w !== "fresh" && w !== "destroy").map((w) => curve(sizes, w, seconds)),
      }),
      "scale-fresh.svg": lineChart({
        ...{ title: "Fresh deploy and destroy", xLabel: "hosts", yLabel: "seconds" },
        series: (["fresh", "destroy"] as const).map((work) => curve(sizes, work, seconds)),
      }),
      "scale-memory.svg": lineChart({
        ...{ title: "Peak memory of xhost", xLabel: "hosts", yLabel: "MB" },
        series: OURS.map((work) => curve(sizes, work, memory)),
      }),
    },
  };
};

const about = (
  versions: string,
  pool: string,
): string => `\`npm run bench:scale\`, on one machine with all the hosts: ${versions}.

Real: an sshd for each host, network namespaces with a kernel's routes and rules, files, locks, and the network between them. xhost runs on
their switch and logs in without a proxy. Shared: the hosts have two processors together, and one dockerd, which a shim shows to each
host as its own (its names, its networks and nobody else's) and whose bridges it makes in the host's namespace. That dockerd writes
no rules; hosts begin with the FORWARD policy and the DOCKER-USER chain that an engine leaves. No containers, so no checks of them.
The kernel's neighbour table is shared too and is filled from outside while ways are measured, as ARP would on real hosts; the fresh
deploy and the one that adds a host read those lines too.
The network is a bridge with plain routes, a /24 for each host out of ${pool}. 64 hosts at a time, in xhost as in the loops over ssh.`;

type Value = (size: Size, work: Work) => number;
const seconds: Value = (size, work) => size.works[work].seconds;
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
    const { own = 0, programs = 0 } = size.works[work].usage ?? {};
    return `${own.toFixed(1)} (${(own + programs).toFixed(1)}), ${memory(size, work).toFixed(0)}`;
  }),
];

const routeRow = (size: Size): readonly string[] =>
  [size.hosts, size.routes, size.ways, Math.round(size.routes / seconds(size, "fresh"))].map(String);

/** Each host of N has a route to every other one, so N hosts have N (N - 1): what grows with them shows in the slopes. */
const growth = (sizes: readonly Size[]): string => {
  const steps = sizes.slice(1).map(({ hosts }, i) => `${sizes[i]?.hosts ?? ""} to ${hosts}`);
  const row = (what: string, [value, unit]: readonly [Value, number], work: Work): readonly string[] => {
    const points = sizes.map((size) => [size.hosts, value(size, work) * unit] as const);
    const { start, each, off } = lineThrough(points);
    const line = `${start.toFixed(0)} + ${each.toFixed(1)} N, ${(off * 100).toFixed(0)} %`;
    return [`${NAMES[work]}, ${what}`, ...slopes(points).map((slope) => slope.toFixed(1)), line];
  };
  const rows = [
    ...WORKS.map((work) => row("ms", [seconds, 1000], work)),
    ...OURS.map((work) => row("kB", [memory, 1000], work)),
  ];
  const head =
    "What each further host costs, by step, and the straight line through all sizes with the farthest point's distance:";
  return `${head}\n\n${table(["", ...steps, "line, off by"], rows)}`;
};

const misses = (sizes: readonly Size[]): readonly string[] =>
  sizes.flatMap((size) =>
    OURS.filter((work) => memory(size, work) > MEMORY).map(
      (work) =>
        `Missed: ${NAMES[work]} of ${size.hosts} hosts used ${memory(size, work).toFixed(0)} MB, wanted at most ${MEMORY}.`,
    ),
  );

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
