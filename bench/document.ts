// The tables of docs/performance.md are those of bench/results-full.md, which bench:full writes: `node bench/document.ts` puts them there.
import { readFile, writeFile } from "node:fs/promises";
import { root } from "./fleet.ts";

/**
 * The page with what stands in `results` under TITLE between each of its lines `<!-- results: TITLE -->` and the next `<!-- end -->`,
 * pictures as seen from docs/. Throws for a title that is not there.
 */
export const documented = (page: string, results: string): string => {
  const sections = new Map(
    results
      .split(/^## /m)
      .slice(1)
      .map((text) => [text.split("\n", 1)[0] ?? "", text.slice(text.indexOf("\n")).trim()]),
  );
  return page.replaceAll(/(<!-- results: (.*) -->\n)[^]*?(?=<!-- end -->)/g, (_, start: string, title: string) => {
    const section = sections.get(title);
    if (section === undefined) throw new Error(`bench/results-full.md has no section ${title}`);
    return `${start}\n${section.replaceAll("](results-full-", "](../bench/results-full-")}\n\n`;
  });
};

export const PAGE = `${root}docs/performance.md`;
export const RESULTS = `${root}bench/results-full.md`;

/** Writes the page anew. */
export const document = async (): Promise<void> =>
  writeFile(PAGE, documented(await readFile(PAGE, "utf8"), await readFile(RESULTS, "utf8")));

if (import.meta.main) await document();
