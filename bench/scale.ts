// How time and memory of xhost grow with the number of hosts: npm run bench:scale -- --help
import { mkdir } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { blockCount, cidrOf, overlaps, parseCidr } from "../src/cidr.ts";
import { XhostError } from "../src/errors.ts";
import { expected, program, wholes } from "./program.ts";
import { keepSizes, keptSizes } from "./scale-kept.ts";
import { scaleLab } from "./scale-lab.ts";
import { measureSize, type Size } from "./scale-measure.ts";
import { MOST, POOL, PREFIX, UNDERLAY } from "./scale-place.ts";
import { reportOf } from "./scale-report.ts";
import { withScratchLab, type Run, type ScratchLab } from "./scratch-lab.ts";

type Options = {
  readonly sizes: readonly number[];
  readonly pool: string;
  readonly file: string | undefined;
  readonly json: boolean;
};
const { sizes, pool, file, json } = program(
  "bench:scale",
  "How time and memory grow with the number of hosts; as root. 50 to 200 hosts take ten minutes, 500 a quarter of an hour more, thrice as long on a slow day.",
)
  .option("--sizes <n,...>", "numbers of hosts", wholes(2, MOST), [50, 100, 200, 500])
  .option("--pool <network>", `the network's pool, a /${PREFIX} of it for each host`, POOL)
  .option("--file <file>", "keeps what was measured; a size that is there already is not measured again")
  .option("--json", "as bench:full reads it", false)
  .parse()
  .opts<Options>();
const root = fileURLToPath(new URL("..", import.meta.url));
const say = (text: string): void => console.error(text);

const bench = async (scratch: ScratchLab, kept: readonly Size[]): Promise<void> => {
  const found = new Map(kept.map((size) => [size.hosts, size]));
  const missing = sizes.filter((size) => !found.has(size));
  if (missing.length > 0) await scratch.run(["npm", "--prefix", root, "run", "-s", "build"]);
  for (const size of missing) {
    found.set(size, await measured(size, scratch));
    if (file !== undefined) await keepSizes(file, [...found.values()]);
  }
  const report = reportOf(sizes.flatMap((size) => found.get(size) ?? []));
  console.log(json ? JSON.stringify(report) : `## ${report.title}\n\n${report.markdown}`);
};

/** Each on hosts of its own, which nobody has worked on. */
const measured = async (size: number, scratch: ScratchLab): Promise<Size> => {
  const folder = `${scratch.folder}/${size}`;
  await mkdir(folder);
  say(`${size + 1} hosts are coming up`);
  const lab = await scaleLab(folder, size + 1, scratch.run);
  try {
    return await measureSize(size, {
      lab,
      folder,
      run: scratch.run,
      say,
      pool,
      versions: await versionsOf(scratch.run),
    });
  } finally {
    await lab.end();
  }
};

/** Throws an XhostError where it has no room for all of them, or for the hosts' own network. */
const checkPool = (): void => {
  const [cidr, most] = [parseCidr(pool), Math.max(...sizes) + 1];
  const why =
    cidr === undefined
      ? `is no network such as ${POOL}`
      : overlaps(cidr, cidrOf(UNDERLAY))
        ? `overlaps the hosts' own network, ${UNDERLAY}`
        : blockCount(cidr, PREFIX) < most
          ? `has no room for a /${PREFIX} for each of ${most} hosts`
          : undefined;
  if (why !== undefined) throw new XhostError("INVENTORY", `--pool ${pool}: ${why}`);
};

const versionsOf = async (run: Run): Promise<string> => {
  const { stderr: ssh } = await execa("ssh", ["-V"]);
  const docker = /[\d.]+/.exec(await run(["dockerd", "--version"]))?.[0] ?? "";
  const machine = `${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`;
  return `${machine}, ${ssh.split(",")[0] ?? ""}, dockerd ${docker}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;
};

await expected(async () => {
  checkPool();
  const kept = file === undefined ? [] : await keptSizes(file, pool);
  return withScratchLab("scale", (scratch) => bench(scratch, kept));
});
