// How long `xhost doctor` takes beside a bare `ssh HOST true` to the same hosts at once: npm run bench:doctor [-- --hosts N] [--rounds N]
// Every host has two containers; both run from start to exit, in turn, and doctor has to find everything healthy.
import { readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { timed } from "./measured.ts";
import { roomForNeighbours } from "./neighbours.ts";
import { worked } from "./processor.ts";
import { expected, program, whole } from "./program.ts";
import { median } from "./ratios.ts";
import { withScratchLab, type Run, type ScratchLab } from "./scratch-lab.ts";

const TARGET = 3;
const root = fileURLToPath(new URL("..", import.meta.url));
const { hosts, rounds } = program(
  "bench:doctor",
  "How long xhost doctor takes beside a bare ssh to the same lab hosts.",
)
  .option("--hosts <n>", "lab hosts", whole(2, 200), 50)
  .option("--rounds <n>", "rounds, each with one run of both", whole(1), 5)
  .parse()
  .opts<{ readonly hosts: number; readonly rounds: number }>();

type Lab = {
  readonly inventory: string;
  readonly hosts: readonly { readonly name: string; readonly version: string }[];
};
type Written = {
  readonly defaults: { readonly ssh: Readonly<Record<string, string>> };
  readonly hosts: Readonly<Record<string, { readonly ssh: { readonly host: string } }>>;
};

const bench = async ({ name, folder, run }: ScratchLab): Promise<void> => {
  console.log(`building what is published, and ${hosts} lab hosts`);
  await run(["npm", "--prefix", root, "run", "-s", "build"]);
  const cli = [process.execPath, `${root}dist/cli.js`];
  const lab = JSON.parse(
    await run([...cli, "lab", "up", name, "--hosts", String(hosts), "--install", "--json"]),
  ) as Lab;
  const text = await readFile(lab.inventory, "utf8");
  const file = `${folder}/two.yml`;
  await writeFile(file, text.replaceAll(/^ {2}c(\d+): (.*)$/gm, "  c$1: $2\n  d$1: $2"));
  console.log("deploying two containers on each");
  await run([...cli, "deploy", "--yes", "--timeout", "120", file]);
  const doctor = async () => {
    const report = JSON.parse(await run([...cli, "doctor", "--json", "--timeout", "60", file])) as Report;
    if (!report.healthy || report.checks.passed !== report.checks.made)
      throw new Error("doctor does not find the lab healthy");
    last = report;
  };
  const contestants = new Map([
    ["ssh HOST true", () => bare(parse(text) as Written, run)],
    ["xhost doctor", doctor],
  ]);
  const times = new Map<string, Measured[]>([...contestants.keys()].map((key) => [key, []]));
  // The first round only warms up: caches of the disk and of Node.
  for (let round = 0; round <= rounds; round++)
    for (const [key, work] of contestants) {
      const before = worked();
      const seconds = await timed(work);
      if (round > 0) times.get(key)?.push({ seconds, processor: worked() - before });
    }
  report(times);
};

/** One run; `processor` in seconds of the whole machine. */
type Measured = { readonly seconds: number; readonly processor: number };

type Report = { readonly healthy: boolean; readonly checks: Readonly<Record<"made" | "passed" | "possible", number>> };
let last: Report | undefined;

/** One OpenSSH client for each host, all at once, with the settings of the inventory. */
const bare = ({ defaults: { ssh }, hosts: all }: Written, run: Run): Promise<unknown> =>
  Promise.all(
    Object.values(all).map(({ ssh: { host } }) =>
      run([
        "ssh",
        ...["-o", "BatchMode=yes", "-o", `IdentityFile=${ssh["identityFile"] ?? ""}`],
        ...[
          "-o",
          `UserKnownHostsFile=${ssh["userKnownHostsFile"] ?? ""}`,
          "-o",
          `ProxyCommand=${ssh["proxyCommand"] ?? ""}`,
        ],
        `root@${host}`,
        "true",
      ]),
    ),
  );

const report = (times: ReadonlyMap<string, readonly Measured[]>): void => {
  const { made = 0, possible = 0 } = last?.checks ?? {};
  console.log(
    `${hosts} hosts with two containers each, ${made} of ${possible} checks, ${rounds} runs each, seconds:\n`,
  );
  console.log(`${"".padEnd(14)}median  fastest  slowest  processor`);
  for (const [key, runs] of times) {
    const list = runs.map(({ seconds }) => seconds);
    const columns = [
      median(list),
      Math.min(...list),
      Math.max(...list),
      median(runs.map(({ processor }) => processor)),
    ];
    const widths = [6, 9, 9, 11];
    console.log(`${key.padEnd(14)}${columns.map((n, i) => n.toFixed(2).padStart(widths[i] ?? 0)).join("")}`);
  }
  const [ssh = 1, doctor = 0] = [...times.values()].map((runs) => median(runs.map(({ seconds }) => seconds)));
  console.log(
    `\nratio of the medians ${(doctor / ssh).toFixed(2)} (wanted: at most ${TARGET}); load of the machine ${loadavg()[0]?.toFixed(1) ?? ""} on ${cpus().length} processors`,
  );
};

await expected(async () => {
  await roomForNeighbours(hosts);
  return withScratchLab("bench", bench);
});
