// Whether something grows linearly. Pure.

type Point = readonly [x: number, y: number];

/** The least-squares line, and by how much of itself the farthest point lies off it. */
export type Line = { readonly start: number; readonly each: number; readonly off: number };

/** At least two different x are needed. */
export const lineThrough = (points: readonly Point[]): Line => {
  const [x, y] = [mean(points.map(([a]) => a)), mean(points.map(([, b]) => b))];
  const spread = points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
  const each = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) / spread;
  const start = y - each * x;
  return { start, each, off: Math.max(...points.map(([a, b]) => Math.abs(start + each * a - b) / b)) };
};

/** What one more x costs from each point to the next. */
export const slopes = (points: readonly Point[]): readonly number[] =>
  points.slice(1).map(([x, y], i) => (y - (points[i]?.[1] ?? 0)) / (x - (points[i]?.[0] ?? 0)));

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
