// How long xhost takes beside what else does the same work: npm run bench -- --help, npm run bench:full -- --help
import { resolve } from "node:path";
import { Option } from "commander";
import { execa } from "execa";
import { installPackages, packagesFor } from "../src/lab/install.ts";
import { missingOf } from "../src/lab/programs.ts";
import { againstAnsible } from "./ansible.ts";
import { document } from "./document.ts";
import { fleetOf, root } from "./fleet.ts";
import { againstTheLimit } from "./limit.ts";
import type { Pair } from "./measured.ts";
import { roomForNeighbours } from "./neighbours.ts";
import { expected, program, whole } from "./program.ts";
import { sectionsOf } from "./report.ts";
import { writeResults } from "./results.ts";
import { keptSizes } from "./scale-kept.ts";
import { POOL } from "./scale-place.ts";
import type { Section } from "./section.ts";
import { withScratchLab } from "./scratch-lab.ts";
import { startSection } from "./start.ts";
import { againstSwarm } from "./swarm.ts";

/** Rounds of each comparison on a lab of that many hosts. */
type Size = { readonly hosts: number; readonly limit: number; readonly ansible: number };

const QUICK: readonly Size[] = [
  { hosts: 2, limit: 3, ansible: 1 },
  { hosts: 10, limit: 1, ansible: 1 },
];
const FULL: readonly Size[] = [
  { hosts: 2, limit: 5, ansible: 3 },
  { hosts: 10, limit: 2, ansible: 1 },
  { hosts: 30, limit: 1, ansible: 1 },
];

type Options = {
  readonly scale?: string;
  readonly hosts?: number;
  readonly rounds?: number;
  readonly swarm?: boolean;
};
// npm run bench:full is npm run bench with the first option.
const isFull = process.argv.includes("--full");
const line = isFull
  ? program(
      "bench:full",
      "2, 10 and 30 hosts by hand, Ansible and Swarm, what the time goes into, planning, and 50 to 500 hosts, as root: bench/results-full.md, its pictures, and the tables of docs/performance.md. A quarter of an hour with --scale, and what bench:scale takes without; thrice as long on a slow day.",
    )
      .addOption(new Option("--full").hideHelp())
      .option(
        "--scale <file>",
        "what bench:scale --file has measured already is taken from there, and what it lacks added to it",
      )
  : program(
      "bench",
      "2 and 10 hosts by hand and Ansible, as root: bench/results.md and its pictures. Less than ten minutes. With --hosts one size alone, which is only printed.",
    )
      .option("--hosts <n>", "hosts of the one size", whole(2, 100))
      .option("--rounds <n>", "with --hosts: rounds by hand and of Ansible (default: 1)", whole(1))
      .option("--swarm", "with --hosts: Swarm as well", false);
const { scale, hosts, rounds = 1, swarm = false } = line.parse().opts<Options>();
if (hosts === undefined && !isFull && process.argv.length > 2) line.error("error: give --hosts too");
const sizes = hosts !== undefined ? [{ hosts, limit: rounds, ansible: rounds }] : isFull ? FULL : QUICK;

const say = (text: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

const prepare = async (): Promise<void> => {
  await roomForNeighbours(Math.max(...sizes.map(({ hosts }) => hosts)) + 1);
  const program = (name: string, of: string) => ({ program: name, packages: [of] });
  const missing = await missingOf([program("time", "time"), program("ansible-playbook", "ansible")]);
  const packages = [...(await packagesFor(missing)), ...((await hasDocker()) ? [] : ["python3-docker"])];
  if (packages.length > 0) await installPackages(packages, { onProgress: say, signal: undefined });
  await execa("npm", ["--prefix", root, "run", "-s", "build"]);
};

/** What Ansible's modules for Docker need on the hosts, which have the machine's files. */
const hasDocker = async (): Promise<boolean> =>
  !(await execa("/usr/bin/python3", ["-c", "import docker"], { reject: false })).failed;

let version = "";
const pairs: Pair[] = [];

const compare = async ({ hosts, limit, ansible }: Size): Promise<number> =>
  withScratchLab("bench", async (lab) => {
    say(`${hosts} hosts, and one to join them`);
    const fleet = await fleetOf(lab, hosts);
    ({ version } = fleet);
    const told = (text: string): void => say(`${hosts} hosts, ${text}`);
    const onPair = (pair: Pair): void => void pairs.push(pair);
    await againstTheLimit(fleet, { rounds: limit, onRound: told, onPair });
    await againstAnsible(fleet, { rounds: ansible, onRound: told, onPair });
    if (isFull || swarm) await againstSwarm(fleet, { onRound: told, onPair });
  });

/** Benchmarks of their own that the full set takes in: with --json each prints one `Section`. */
const OTHERS: readonly (readonly string[])[] = [
  ["bench/costs.ts"],
  ["bench/planning.ts"],
  ["bench/scale.ts", ...(scale === undefined ? [] : ["--file", resolve(scale)])],
];

const other = async (words: readonly string[]): Promise<Section> => {
  say(words[0] ?? "");
  const { stdout } = await execa(process.execPath, [...words, "--json"], { cwd: root, stderr: "inherit" });
  return JSON.parse(stdout) as Section;
};

const bench = async (): Promise<number> => {
  const begin = performance.now();
  // An hour before it is wanted.
  if (scale !== undefined) await keptSizes(scale, POOL);
  await prepare();
  let code = 0;
  for (const size of sizes) {
    code = await compare(size);
    if (code !== 0) break;
  }
  // What was cut short, or is not one of the two sets, is shown and not written.
  const isWhole = code === 0 && hosts === undefined;
  const sections = [...sectionsOf(pairs), ...(isWhole ? [await startSection()] : [])];
  const write = (): Promise<void> =>
    writeResults(sections, {
      ...{ pairs, version, minutes: (performance.now() - begin) / 60_000 },
      name: isWhole ? (isFull ? "results-full" : "results") : undefined,
    });
  if (pairs.length > 0) await write();
  // Each may take an hour: what is there already is not lost with the next one.
  for (const words of isWhole && isFull ? OTHERS : []) {
    sections.push(await other(words));
    await write();
  }
  if (isWhole && isFull) await document();
  return code;
};

await expected(bench);
