const known = new Map<string, string>();
const MANY = 100_000;

/**
 * The same text as one object, whoever made it: of hundreds of hosts each says the addresses of all the others, and each of them would be kept as often as it was said.
 */
export const interned = (text: string): string => {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (known.size >= MANY) known.clear();
  // Not as a slice, which would keep the whole text that it was cut from (SlicedString in V8's string.h).
  const own = Buffer.from(text).toString();
  known.set(own, own);
  return own;
};
