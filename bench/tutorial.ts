// npm run tutorial: writes docs/tutorial anew, with what the tool prints on this machine.
//   -- --only NAME,NAME      these pages alone
//   -- --only ipip --lab LAB those that need a lab of kind uml, on one that is up (`xhost lab up LAB --kind uml --hosts 1 --install`)
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { needsLab } from "./tutorial-page.ts";
import { FOLDER, generate, ROOT, sources } from "./tutorial-run.ts";

const { only, lab } = parseArgs({ options: { only: { type: "string" }, lab: { type: "string" } } }).values;
const all = await sources();
const wanted = only?.split(",") ?? all.map(({ name }) => name);
const unknown = wanted.filter((name) => !all.some((source) => source.name === name));
if (unknown.length > 0)
  throw new Error(`no page ${unknown.join(", ")} (known: ${all.map(({ name }) => name).join(", ")})`);

for (const source of all.filter(({ name }) => wanted.includes(name))) {
  if (needsLab(source.text) && lab === undefined) {
    if (only !== undefined) throw new Error(`${source.name}: needs a lab: --lab NAME`);
    console.log(`${source.file}: left as it is: it needs a lab (--only ${source.name} --lab NAME)`);
    continue;
  }
  await writeFile(
    join(FOLDER, source.file),
    await generate(source, lab === undefined ? undefined : join(ROOT, ".xhost/lab", lab)),
  );
  console.log(`${source.file}: written`);
}
