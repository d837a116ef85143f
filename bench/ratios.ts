// What of several rounds is told: medians, and ratios of values from the same round, since what disturbs the machine disturbs both. Pure.

export const quantile = (values: readonly number[], part: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The first by the second of each pair. */
export const ratios = (pairs: readonly (readonly [number, number])[]): readonly number[] =>
  pairs.map(([a, b]) => a / b);
