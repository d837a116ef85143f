// How time and memory of xhost grow with the number of hosts: npm run bench:scale [-- --sizes 50,100,...] [--json]
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { scaleLab } from "./scale-lab.ts";
import { measureSize, type Size } from "./scale-measure.ts";
import { withScratchLab, type ScratchLab } from "./scratch-lab.ts";

const { values } = parseArgs({ options: { sizes: { type: "string" }, json: { type: "boolean" } } });
const sizes = (values.sizes ?? "50,100,200,300,500").split(",").map(Number);
const say = (text: string): void => console.error(text);

const bench = async ({ folder, run }: ScratchLab): Promise<void> => {
  await run(["npm", "--prefix", fileURLToPath(new URL("..", import.meta.url)), "run", "-s", "build"]);
  const most = Math.max(...sizes) + 1;
  say(`${most} hosts are coming up`);
  const lab = await scaleLab(folder, most, run);
  try {
    const found: Size[] = [];
    for (const size of sizes) found.push(await measureSize(size, { lab, folder, run, say }));
    console.log(JSON.stringify(found, null, 2));
  } finally {
    await lab.end();
  }
};

process.exitCode = await withScratchLab("scale", bench);
