// How time and memory of xhost grow with the number of hosts:
// npm run bench:scale [-- --sizes 50,100,... --pool 172.16.0.0/12 --json]
import { cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { scaleLab } from "./scale-lab.ts";
import { measureSize, type Size } from "./scale-measure.ts";
import { reportOf } from "./scale-report.ts";
import { withScratchLab, type Run, type ScratchLab } from "./scratch-lab.ts";

const { values } = parseArgs({
  options: { sizes: { type: "string" }, pool: { type: "string" }, json: { type: "boolean" } },
});
const sizes = (values.sizes ?? "50,100,200,300,500").split(",").map(Number);
const pool = values.pool ?? "172.16.0.0/12";
const say = (text: string): void => console.error(text);

const bench = async ({ folder, run }: ScratchLab): Promise<void> => {
  await run(["npm", "--prefix", fileURLToPath(new URL("..", import.meta.url)), "run", "-s", "build"]);
  const most = Math.max(...sizes) + 1;
  say(`${most} hosts are coming up`);
  const lab = await scaleLab(folder, most, run);
  const found: Size[] = [];
  try {
    for (const size of sizes) found.push(await measureSize(size, { lab, folder, run, say, pool }));
  } finally {
    await lab.end();
  }
  const report = reportOf(found, { versions: await versionsOf(run), pool });
  console.log(values.json ? JSON.stringify(report) : `## ${report.title}\n\n${report.markdown}`);
};

const versionsOf = async (run: Run): Promise<string> => {
  const { stderr: ssh } = await execa("ssh", ["-V"]);
  const docker = /[\d.]+/.exec(await run(["dockerd", "--version"]))?.[0] ?? "";
  const machine = `${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`;
  return `${machine}, ${ssh.split(",")[0] ?? ""}, dockerd ${docker}, Node ${process.version}`;
};

process.exitCode = await withScratchLab("scale", bench);
