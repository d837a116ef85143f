// Charts as SVG text, for the reports of the benchmarks. Pure. Grey text and saturated colours can be read on light and dark pages.

/** A named line of points; they are joined in the given order. */
export type Series = { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] };

/** Groups of bars side by side; `values` are in the order of `categories`, and NaN leaves a gap. */
export type BarSeries = { readonly name: string; readonly values: readonly number[] };

type Labels = { readonly title: string; readonly xLabel: string; readonly yLabel: string };

const [WIDTH, HEIGHT] = [720, 400];
const area = { left: 70, right: WIDTH - 20, top: 70, bottom: HEIGHT - 50 };
const COLOURS = ["#2f81c7", "#d9772b", "#3f9e4d", "#b5509c", "#8a8f2a", "#c94040"];
const INK = "#808080";

/** Both axes are linear and begin at 0; the y axis ends above the highest point. At least one point is needed. */
export const lineChart = ({ series, ...labels }: Labels & { readonly series: readonly Series[] }): string => {
  const points = series.flatMap((one) => one.points);
  const xTicks = ticks(Math.max(...points.map(([x]) => x)));
  const yTicks = ticks(Math.max(...points.map(([, y]) => y)));
  const x = (value: number): number => across(value / (xTicks.at(-1) ?? 1));
  const y = upTo(yTicks);
  const lines = series.flatMap(({ points: own }, i) => [
    `<polyline fill="none" stroke="${colour(i)}" stroke-width="2" points="${own.map(([a, b]) => `${num(x(a))},${num(y(b))}`).join(" ")}"/>`,
    ...own.map(([a, b]) => `<circle cx="${num(x(a))}" cy="${num(y(b))}" r="3.5" fill="${colour(i)}"/>`),
  ]);
  const below = xTicks.map((tick) => text(x(tick), area.bottom + 18, String(tick), "middle"));
  return document(labels, [...grid(yTicks, y), ...below, ...lines, ...legend(series.map(({ name }) => name))]);
};

type Bars = Labels & {
  readonly categories: readonly string[];
  readonly series: readonly BarSeries[];
  /** A dashed line across all bars, such as a target. */
  readonly mark?: { readonly name: string; readonly value: number };
};

/** The y axis is linear and begins at 0. The value stands above each bar. */
export const barChart = ({ categories, series, mark, ...labels }: Bars): string => {
  const values = [...series.flatMap((one) => one.values), mark?.value ?? 0].filter(Number.isFinite);
  const yTicks = ticks(Math.max(...values));
  const y = upTo(yTicks);
  const group = (area.right - area.left) / Math.max(1, categories.length);
  const width = (group * 0.8) / Math.max(1, series.length);
  const bars = series.flatMap(({ values: own }, i) =>
    own.flatMap((value, place) => {
      if (!Number.isFinite(value)) return [];
      const left = area.left + group * (place + 0.1) + width * i;
      return [
        `<rect x="${num(left)}" y="${num(y(value))}" width="${num(width * 0.92)}" height="${num(area.bottom - y(value))}" fill="${colour(i)}"/>`,
        text(left + width * 0.46, y(value) - 4, short(value), "middle", 10),
      ];
    }),
  );
  const below = categories.map((name, i) => text(area.left + group * (i + 0.5), area.bottom + 18, name, "middle"));
  const line =
    mark === undefined
      ? []
      : [
          `<line x1="${area.left}" x2="${area.right}" y1="${num(y(mark.value))}" y2="${num(y(mark.value))}" stroke="${INK}" stroke-dasharray="6 4"/>`,
          text(area.right, y(mark.value) - 5, mark.name, "end", 11),
        ];
  return document(labels, [...grid(yTicks, y), ...below, ...bars, ...line, ...legend(series.map(({ name }) => name))]);
};

/** From 0 to the first round number that is not below `most`: some six of them. */
const ticks = (most: number): readonly number[] => {
  const rough = (most > 0 ? most : 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((factor) => factor * power >= rough) ?? 10);
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
};

const across = (part: number): number => area.left + part * (area.right - area.left);
const upTo =
  (yTicks: readonly number[]) =>
  (value: number): number =>
    area.bottom - (value / (yTicks.at(-1) ?? 1)) * (area.bottom - area.top);

const grid = (yTicks: readonly number[], y: (value: number) => number): readonly string[] =>
  yTicks.flatMap((tick) => [
    `<line x1="${area.left}" x2="${area.right}" y1="${num(y(tick))}" y2="${num(y(tick))}" stroke="${INK}" stroke-opacity="${tick === 0 ? 1 : 0.25}"/>`,
    text(area.left - 8, y(tick) + 4, String(tick), "end"),
  ]);

const legend = (names: readonly string[]): readonly string[] => {
  let left = area.left;
  return names.flatMap((name, i) => {
    const at = left;
    left += 36 + 7 * name.length;
    return [`<rect x="${at}" y="40" width="12" height="12" fill="${colour(i)}"/>`, text(at + 18, 50, name, "start")];
  });
};

const document = ({ title, xLabel, yLabel }: Labels, content: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif">`,
    `<title>${escaped(title)}</title>`,
    text(WIDTH / 2, 24, title, "middle", 15),
    text((area.left + area.right) / 2, HEIGHT - 10, xLabel, "middle"),
    `<g transform="rotate(-90 16 ${(area.top + area.bottom) / 2})">${text(16, (area.top + area.bottom) / 2, yLabel, "middle")}</g>`,
    ...content,
    "</svg>\n",
  ].join("\n");

const text = (x: number, y: number, words: string, anchor: "start" | "middle" | "end", size = 12): string =>
  `<text x="${num(x)}" y="${num(y)}" text-anchor="${anchor}" font-size="${size}" fill="${INK}">${escaped(words)}</text>`;

const colour = (i: number): string => COLOURS[i % COLOURS.length] ?? INK;
const num = (value: number): string => String(Math.round(value * 10) / 10);
const short = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2));
const escaped = (words: string): string =>
  words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
