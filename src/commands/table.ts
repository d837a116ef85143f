import Table from "cli-table3";
import { columnWidths, wrapped } from "./column-widths.ts";
import { canRedraw } from "./terminal.ts";

const BLANK = {
  ...Object.fromEntries(
    ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"].map((k) => [
      k,
      "",
    ]),
  ),
  ...Object.fromEntries(["left", "left-mid", "mid", "mid-mid", "right", "right-mid"].map((k) => [k, ""])),
  middle: "  ",
};

const GAP = BLANK.middle.length;

/**
 * Plain columns without lines and colours, empty columns left out, so that `grep` and `awk` work on them. `width`: of the terminal, into which
 * they are made to fit; infinite where a row is to be one line, as in a pipe.
 */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number = canRedraw(process.stdout) ? process.stdout.columns : Infinity,
): string => {
  const used = head.map((_, column) => rows.some((row) => (row[column] ?? "") !== ""));
  const all = [head, ...rows].map((cells) => cells.filter((_, column) => used[column]));
  const [top = [], ...others] = fitted(all, width);
  const drawn = new Table({
    head: top,
    chars: BLANK,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  drawn.push(...others);
  return drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
};

const fitted = (rows: readonly (readonly string[])[], width: number): string[][] => {
  const widths = columnWidths(rows, width - GAP * ((rows[0]?.length ?? 1) - 1));
  return rows.map((row) => row.map((text, at) => wrapped(text, widths[at] ?? text.length)));
};
