/** What has a time, in nanoseconds, and a rank among what has the same time. */
export type Timed = { readonly time: bigint; readonly rank: number };

/** Puts what comes from several places into the order of time. */
export type Reorder<T> = {
  readonly push: (item: T, now: number) => void;
  /** What has waited long enough for earlier ones, in order; `now` in milliseconds, by the same clock as in `push`. */
  readonly take: (now: number) => readonly T[];
  /** All that is left, in order. */
  readonly rest: () => readonly T[];
};

/**
 * Keeps everything for `wait` milliseconds after it came, so that earlier ones which come later than it get in front. What comes later than
 * that is out of order. Pure: the clock is the caller's.
 */
export const reorder = <T extends Timed>(wait: number): Reorder<T> => {
  let waiting: { readonly item: T; readonly at: number }[] = [];
  const sort = (): void => void waiting.sort((a, b) => compare(a.item, b.item));
  return {
    push: (item, at) => void waiting.push({ item, at }),
    take: (now) => {
      sort();
      // All that is before one that has waited goes with it: the order must not be broken, and it came in time.
      const last = waiting.findLastIndex(({ at }) => at + wait <= now);
      const taken = waiting.slice(0, last + 1);
      waiting = waiting.slice(last + 1);
      return taken.map(({ item }) => item);
    },
    rest: () => {
      sort();
      const taken = waiting;
      waiting = [];
      return taken.map(({ item }) => item);
    },
  };
};

const compare = (a: Timed, b: Timed): number => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.rank - b.rank);
