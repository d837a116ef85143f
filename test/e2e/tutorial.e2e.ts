// The pages of docs/tutorial are what the tool prints today; `npm run tutorial` writes them anew. Those that need a lab of kind uml are
// compared where there is one (test/vm).
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { needsLab } from "../../bench/tutorial-page.ts";
import { FOLDER, generate, sources } from "../../bench/tutorial-run.ts";

const pages = (await sources()).filter(({ text }) => !needsLab(text));

test.each(pages)("$file is what the tool prints", { timeout: 600_000 }, async (page) => {
  expect(await generate(page, undefined)).toBe(await readFile(join(FOLDER, page.file), "utf8"));
});
