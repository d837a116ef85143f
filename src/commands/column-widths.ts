/** A column is not made narrower than that. */
const NARROW = 8;

/**
 * Widths of columns that together are at most `room` characters, and cost the fewest lines; the columns' own where they fit. Words stay whole as
 * far as there is room for that, the longest are the first to be broken. Where there is none for eight characters in each column, it is wider.
 */
export const columnWidths = (rows: readonly (readonly string[])[], room: number): readonly number[] => {
  const columns = (rows[0] ?? []).map((_, at) => rows.map((row) => row[at] ?? ""));
  const widths = columns.map((cells) => Math.max(...cells.map((text) => text.length)));
  const floors = floorsOf(
    widths.map((width, at) => (width <= NARROW ? width : longestWord(columns[at] ?? []))),
    room,
  );
  while (sum(widths) > room) {
    const [best] = widths
      .map((width, at) => ({ at, width, lines: linesOf(rows, widths.with(at, width - 1)) }))
      .filter(({ at, width }) => width > (floors[at] ?? 0))
      .sort((a, b) => a.lines - b.lines || b.width - a.width);
    if (best === undefined) break;
    widths[best.at] = best.width - 1;
  }
  return widths;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Of the widths of whole words, the widest made narrower until all find room. */
const floorsOf = (words: readonly number[], room: number): readonly number[] => {
  const floors = [...words];
  for (const { at } of words.map((width, at) => ({ at, width })).sort((a, b) => b.width - a.width)) {
    const width = floors[at] ?? 0;
    floors[at] = Math.max(Math.min(width, NARROW), width - Math.max(0, sum(floors) - room));
  }
  return floors;
};

const longestWord = (cells: readonly string[]): number =>
  Math.max(...cells.flatMap((text) => text.split(" ")).map((word) => word.length));

const linesOf = (rows: readonly (readonly string[])[], widths: readonly number[]): number =>
  sum(rows.map((row) => Math.max(...row.map((text, at) => Math.ceil(text.length / (widths[at] ?? 1))))));

/** The text in lines of at most that many characters, broken at blanks, and inside of words that are longer; none is lost. Further lines keep the indent. */
export const wrapped = (text: string, width: number): string =>
  text
    .split("\n")
    .map((line) => wrappedLine(line, width))
    .join("\n");

const wrappedLine = (text: string, width: number): string => {
  if (text.length <= width) return text;
  const indent = " ".repeat(Math.min(/^ */.exec(text)?.[0].length ?? 0, width - 1));
  const room = width - indent.length;
  const pieces = text
    .trim()
    .split(/ +/)
    .flatMap((word) => word.match(new RegExp(`.{1,${room}}`, "g")) ?? []);
  const lines = pieces.reduce<readonly string[]>((before, piece) => {
    const last = before.at(-1);
    return last === undefined || last.length + 1 + piece.length > room
      ? [...before, piece]
      : [...before.slice(0, -1), `${last} ${piece}`];
  }, []);
  return lines.map((line) => indent + line).join("\n");
};
