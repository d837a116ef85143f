/** Fewer than that are sorted as they are. */
const FEW = 50;
const order = { known: new Set<string>() };

/** Keys as `sort` has them. Of hundreds of hosts, each has nearly the same routes: what was sorted for one is left to be picked from. */
export const sorted = (keys: ReadonlyMap<string, unknown>): readonly string[] => {
  if (keys.size < FEW) return [...keys.keys()].sort();
  const fresh = [...keys.keys()].filter((key) => !order.known.has(key));
  if (fresh.length > 0) {
    const all = order.known.size > 2 * keys.size ? [...keys.keys()] : [...order.known, ...fresh];
    order.known = new Set(all.sort());
  }
  return [...order.known].filter((key) => keys.has(key));
};
