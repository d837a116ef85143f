// Writes the report and its pictures into bench/, and prints it.
import { writeFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { execa } from "execa";
import { format, resolveConfig } from "prettier";
import { root } from "./fleet.ts";
import type { Pair } from "./measured.ts";
import { verdictOf } from "./report.ts";
import type { Section } from "./section.ts";

type About = {
  readonly pairs: readonly Pair[];
  /** Of Docker. */
  readonly version: string;
  /** That all of it has taken. */
  readonly minutes: number;
  /** Of the file, without its ending; undefined: nothing is written. */
  readonly name: string | undefined;
};

const ABOUT = [
  "Seconds are from start to exit and mean little: the hosts are on the same machine. The two of a pair were measured on the same lab, no-op deploys one right after the",
  "other, all else within one round, a whole life of the fleet with each in turn; a ratio is the median of the pairs' own ratios, the spread the least and the most of them. xhost is",
  "what is published, run by `node`; its no-op deploy stands beside nothing but the script that it looks at the hosts with.",
].join("\n");

export const writeResults = async (
  sections: readonly Section[],
  { pairs, version, minutes, name }: About,
): Promise<void> => {
  const file = `${root}bench/${name ?? "results"}.md`;
  const command = name === "results-full" ? "npm run bench:full" : "npm run bench";
  const machine = `${cpus().length} processors, Linux ${release()}, Docker ${version}, Node ${process.version}, ${await versionOf("ssh", "-V")}, ${await versionOf("ansible", "--version")}`;
  const text = [
    "# xhost beside what else does the same work",
    `${name === undefined ? "Measured, and not kept," : `Written by \`${command}\`,`} in ${minutes.toFixed(0)} minutes, on ${machine}.\n${ABOUT}`,
    verdictOf(pairs),
    ...sections.flatMap((section) => [`## ${section.title}`, illustrated(section, name ?? "results")]),
  ].join("\n\n");
  const markdown = await format(text, { ...(await resolveConfig(file)), filepath: file });
  process.stdout.write(markdown);
  if (name === undefined) return;
  await writeFile(file, markdown);
  for (const [picture, svg] of sections.flatMap(({ plots }) => Object.entries(plots)))
    await writeFile(`${root}bench/${name}-${picture}`, svg);
};

/** The first words that a program says of its version. */
const versionOf = async (program: string, ...args: readonly string[]): Promise<string> => {
  const { all } = await execa(program, args, { all: true });
  return all.split(/[,\n]/)[0] ?? "";
};

/** With each picture under its own name: where the text shows it, else at the end. */
const illustrated = ({ title, markdown, plots }: Section, name: string): string =>
  Object.keys(plots).reduce((text, picture) => {
    const shown = `](${name}-${picture})`;
    return text.includes(`](${picture})`) ? text.replaceAll(`](${picture})`, shown) : `${text}\n\n![${title}${shown}`;
  }, markdown);
