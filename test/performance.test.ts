import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { documented, PAGE, RESULTS } from "../bench/document.ts";

test("the tables of docs/performance.md are those that bench:full wrote", async () => {
  const [page, results] = [await readFile(PAGE, "utf8"), await readFile(RESULTS, "utf8")];
  expect(page.match(/^<!-- results: /gm)?.length).toBeGreaterThan(4);
  expect(documented(page, results)).toBe(page);
});

test("what stands between the marks is replaced, and pictures are those of bench/", () => {
  const page = "# A\n<!-- results: B -->\nold\n<!-- end -->\nkept\n";
  const results = "# R\n\n## B\n\n![B](results-full-b.svg)\n\n## C\n\nother\n";
  const wanted = "# A\n<!-- results: B -->\n\n![B](../bench/results-full-b.svg)\n\n<!-- end -->\nkept\n";
  expect(documented(page, results)).toBe(wanted);
  expect(() => documented(page, "## C\n")).toThrow("has no section B");
});
