/** What is between two hosts each, put together: all that has one host in common, or all between the same two. */
export type Gathered<T> = { readonly hub: string | undefined; readonly items: readonly T[] };

/** From so many hosts on it is the one in the middle that is told of, and not each pair. */
const MANY = 3;

/** Groups by the host that most pairs have in common, as long as one has many, then by pairs. */
export const gathered = <T>(
  items: readonly T[],
  endsOf: (item: T) => readonly [string, string],
): readonly Gathered<T>[] => {
  const peers = new Map<string, Set<string>>();
  for (const [a, b] of items.map(endsOf)) {
    peers.set(a, (peers.get(a) ?? new Set()).add(b));
    peers.set(b, (peers.get(b) ?? new Set()).add(a));
  }
  const [hub, around] = [...peers].sort(([, a], [, b]) => b.size - a.size)[0] ?? [];
  if (hub !== undefined && around !== undefined && around.size >= MANY) {
    const own = items.filter((item) => endsOf(item).includes(hub));
    const rest = items.filter((item) => !endsOf(item).includes(hub));
    return [{ hub, items: own }, ...gathered(rest, endsOf)];
  }
  const pairs = Map.groupBy(items, (item) => [...endsOf(item)].sort().join(" "));
  return [...pairs.values()].map((group) => ({ hub: undefined, items: group }));
};
