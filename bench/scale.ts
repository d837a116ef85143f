// How time and memory of xhost grow with the number of hosts:
// npm run bench:scale [-- --sizes 50,100,... --pool 172.16.0.0/12 --file FILE --json]
// With --file, what was measured is kept there, and a size that is there already is not measured again.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { scaleLab } from "./scale-lab.ts";
import { measureSize, type Size } from "./scale-measure.ts";
import { reportOf } from "./scale-report.ts";
import { withScratchLab, type Run, type ScratchLab } from "./scratch-lab.ts";

const { values } = parseArgs({
  options: {
    ...{ sizes: { type: "string" }, pool: { type: "string" }, file: { type: "string" } },
    json: { type: "boolean" },
  },
});
const sizes = (values.sizes ?? "50,100,200,500").split(",").map(Number);
const pool = values.pool ?? "172.16.0.0/12";
const root = fileURLToPath(new URL("..", import.meta.url));
const say = (text: string): void => console.error(text);

const bench = async (scratch: ScratchLab): Promise<void> => {
  const found = new Map((await kept()).map((size) => [size.hosts, size]));
  const missing = sizes.filter((size) => !found.has(size));
  if (missing.length > 0) await scratch.run(["npm", "--prefix", root, "run", "-s", "build"]);
  for (const size of missing) {
    found.set(size, await measured(size, scratch));
    if (values.file !== undefined) await writeFile(values.file, JSON.stringify([...found.values()], null, 2));
  }
  const all = [...found.values()].filter(({ hosts }) => sizes.includes(hosts)).sort((a, b) => a.hosts - b.hosts);
  const report = reportOf(all);
  console.log(values.json ? JSON.stringify(report) : `## ${report.title}\n\n${report.markdown}`);
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

const kept = async (): Promise<readonly Size[]> => {
  if (values.file === undefined) return [];
  const text = await readFile(values.file, "utf8").catch(() => "[]");
  const sizes = JSON.parse(text) as readonly Size[];
  const other = sizes.find((size) => size.pool !== pool);
  if (other === undefined) return sizes;
  throw new Error(
    `${values.file}: ${other.hosts} hosts were measured with the pool ${other.pool}, not ${pool}: give --pool or another file`,
  );
};

const versionsOf = async (run: Run): Promise<string> => {
  const { stderr: ssh } = await execa("ssh", ["-V"]);
  const docker = /[\d.]+/.exec(await run(["dockerd", "--version"]))?.[0] ?? "";
  const machine = `${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`;
  return `${machine}, ${ssh.split(",")[0] ?? ""}, dockerd ${docker}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;
};

process.exitCode = await withScratchLab("scale", bench);
