// How fast packets get from a container on one host to a container on another, by each plane, beside bare hosts, the same path built by
// hand and Docker Swarm's overlay: npm run bench:planes -- --help. Ratios are worth something; the figures are those of a machine.
import { layOut, type BenchLab } from "./plane-candidates.ts";
import { round, serve } from "./plane-measure.ts";
import { program, whole } from "./program.ts";
import { measureTables, targetLines, type Round } from "./planes-report.ts";
import { fromSource, withScratchLab, type ScratchLab } from "./scratch-lab.ts";

const { engine, rounds: wanted } = program(
  "bench:planes",
  "What packets cost between containers of two lab hosts, by each plane; as root.",
)
  .option("--engine <release>", "of Debian, whose Docker the hosts run (xhost lab up --help)", "bookworm")
  .option("--rounds <n>", "rounds, each with every path", whole(1), 9)
  .parse()
  .opts<{ readonly engine: string; readonly rounds: number }>();

const bench = async ({ name, run }: ScratchLab): Promise<void> => {
  console.log("two lab hosts, and between them every path that is compared");
  const up = await run([...fromSource, "lab", "up", name, "--hosts", "2", "--engine", engine, "--install", "--json"]);
  const on: BenchLab["on"] = (host, script) => run([...fromSource, "lab", "exec", name, host, "sh", "-ec", script]);
  const lab: BenchLab = { ...(JSON.parse(up) as Omit<BenchLab, "run" | "on">), run, on };
  const candidates = await layOut(lab, (why) => console.log(`left out: ${why}`));
  await serve(lab, candidates);
  const rounds: Round[] = [];
  for (let i = 1; i <= wanted; i++) {
    console.log(`round ${i} of ${wanted}`);
    rounds.push(await round(lab, i % 2 === 0 ? candidates.toReversed() : candidates));
  }
  const kernel = (await on("h1", "uname -r")).trim();
  console.log(
    `\nDocker ${lab.hosts[0]?.version}, kernel ${kernel}; ${wanted} rounds of all paths in turn. A ratio is the median`,
  );
  console.log("of the rounds' own ratios, in brackets the quarters below and above it.\n");
  console.log(
    measureTables(
      rounds,
      candidates.map((candidate) => candidate.name),
    ),
  );
  console.log(`\n${targetLines(rounds).join("\n")}`);
};

process.exitCode = await withScratchLab("bp", bench);
