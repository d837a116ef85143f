import Table from "cli-table3";

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

/** Plain columns without lines and colours, empty columns left out, so that `grep` and `awk` work on them. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const used = head.map((_, column) => rows.some((row) => (row[column] ?? "") !== ""));
  const pick = (cells: readonly string[]): string[] => cells.filter((_, column) => used[column]);
  const drawn = new Table({
    head: pick(head),
    chars: BLANK,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  drawn.push(...rows.map(pick));
  return drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
};
