// How long a command line takes to start, beside Node itself.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { published } from "./fleet.ts";
import { timed } from "./measured.ts";
import { median, ratios } from "./ratios.ts";
import { markdownTable, type Section } from "./section.ts";

const ROUNDS = 15;
/** Of `node -e 0`. */
const TARGET = 1.5;

/** In turn, after one each that fills the caches. */
export const startSection = async (): Promise<Section> => {
  const [program = "", ...cli] = published;
  const start = (...args: readonly string[]): Promise<number> => timed(() => promisify(execFile)(program, args));
  const pairs: (readonly [number, number])[] = [];
  for (let round = 0; round <= ROUNDS; round++) pairs.push([await start(...cli, "--help"), await start("-e", "0")]);
  const counted = pairs.slice(1);
  const ratio = median(ratios(counted));
  const of = (which: 0 | 1): string => (1000 * median(counted.map((pair) => pair[which]))).toFixed(0);
  const held = ratio <= TARGET ? "yes" : "**no**";
  return {
    title: "Start",
    markdown: markdownTable(
      ["`xhost --help`, ms", "`node -e 0`, ms", "ratio", "pairs", "target", "held"],
      [[of(0), of(1), ratio.toFixed(2), String(ROUNDS), `at most ${TARGET}`, held]],
    ),
    plots: {},
  };
};
