// Planning alone, without a host: how time and memory grow. npm run bench:planning -- --help
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { program, wholes } from "./program.ts";
import { markdownTable, type Section } from "./section.ts";
import { lineChart } from "./svg.ts";

type Options = { readonly sizes: readonly number[]; readonly json: boolean };
const { sizes, json } = program(
  "bench:planning",
  "What planning a first deploy of simulated hosts takes; asks no host. Two to six minutes.",
)
  .option("--sizes <n,...>", "numbers of hosts", wholes(2, 5000), [250, 500, 1000, 2000])
  .option("--json", "as bench:full reads it", false)
  .parse()
  .opts<Options>();

/** Seconds, and MiB. */
type Once = Readonly<Record<"hosts" | "routes" | "bytes" | "planning" | "rendering" | "memory", number>>;

type Both = Once & { readonly whole: number };

const once = async (...words: readonly string[]): Promise<Once> => {
  const file = fileURLToPath(new URL("planning-once.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...words]);
  return JSON.parse(stdout) as Once;
};

const row = ({ hosts, routes, bytes, planning, rendering, memory, whole }: Both): readonly string[] => [
  ...[String(hosts), String(routes), planning.toFixed(1), ((planning / routes) * 1e6).toFixed(1)],
  ...[rendering.toFixed(1), (bytes / 1e6).toFixed(0), memory.toFixed(0), whole.toFixed(0)],
];

/** What was wanted of the most hosts. */
const TARGET = { hosts: 2000, seconds: 10, mebibytes: 1.5e9 / 2 ** 20 };

const verdict = ({ hosts, planning, memory, whole }: Both): string => {
  if (hosts !== TARGET.hosts) return "";
  const held = (is: boolean): string => (is ? "held" : "**missed**");
  return `Wanted of 2,000: 10 s, ${held(planning <= TARGET.seconds)}; 1.5 GB, host by host ${held(memory <= TARGET.mebibytes)}, all at once ${held(whole <= TARGET.mebibytes)}.`;
};

const all: Both[] = [];
for (const hosts of sizes) {
  process.stderr.write(`planning ${hosts} hosts\n`);
  const one = await once(String(hosts));
  all.push({ ...one, whole: (await once(String(hosts), "whole")).memory });
}
const section: Section = {
  title: "Planning alone",
  markdown: [
    "A first deploy of simulated hosts, all of them in one network by plane `route`, from a pool that is just as big: a route on each to each other one. From what was seen of",
    "the hosts to every step of every host; then what the steps send, rendered host by host. The last column is of a run that has all plans at once, as `deploy` and `plan`, which show them.",
    "",
    markdownTable(
      [
        "hosts",
        "routes",
        "planning, s",
        "µs for each route",
        "rendering, s",
        "MB of text",
        "peak memory, MiB",
        "all at once, MiB",
      ],
      all.map(row),
    ),
    "",
    ...all.map(verdict),
  ].join("\n"),
  plots: {
    "planning.svg": lineChart({
      ...{ title: "Planning a first deploy", xLabel: "routes, millions", yLabel: "seconds" },
      series: [
        { name: "planning", points: all.map(({ routes, planning }) => [routes / 1e6, planning] as const) },
        { name: "rendering", points: all.map(({ routes, rendering }) => [routes / 1e6, rendering] as const) },
      ],
    }),
  },
};
console.log(json ? JSON.stringify(section) : section.markdown);
