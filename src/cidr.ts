/** An IPv4 network: first address as an unsigned 32-bit number and prefix length. */
export type Cidr = { readonly base: number; readonly prefix: number };

/**
 * Unsigned 32-bit value of a strict dotted quad; no octal, no short forms (`010.0.0.1` and `10.1` are refused). Planning 2,000 hosts reads some
 * million of them, so it is done by hand: the ip-address library, the measure in the tests, takes far longer.
 */
export const parseIp = (text: string): number | undefined => quad(text, text.length);

const [ZERO, DOT] = [0x30, 0x2e];

/** Value of the quad that the first `end` characters are. */
const quad = (text: string, end: number): number | undefined => {
  let [ip, octet, digits, dots] = [0, 0, 0, 0];
  for (let i = 0; i < end; i++) {
    const char = text.charCodeAt(i);
    if (char === DOT) {
      if (digits === 0 || ++dots > 3) return undefined;
      [ip, octet, digits] = [ip * 256 + octet, 0, 0];
      continue;
    }
    const digit = char - ZERO;
    if (digit < 0 || digit > 9 || (digits > 0 && octet === 0)) return undefined;
    octet = octet * 10 + digit;
    if (octet > 255) return undefined;
    digits += 1;
  }
  return dots === 3 && digits > 0 ? ip * 256 + octet : undefined;
};

export const formatIp = (ip: number): string => `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;

/** Number of addresses, network and broadcast address included. */
export const size = (cidr: Cidr): number => SIZES[cidr.prefix] ?? 0;

const SIZES: readonly number[] = Array.from({ length: 33 }, (_, prefix) => 2 ** (32 - prefix));

/** A network in CIDR notation; refuses host bits (`10.0.0.1/24`), so that one network has one spelling. */
export const parseCidr = (text: string): Cidr | undefined => {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const base = quad(text, slash);
  const digits = text.slice(slash + 1);
  if (base === undefined || !/^([1-9]?\d)$/.test(digits)) return undefined;
  const cidr = { base, prefix: Number(digits) };
  if (cidr.prefix > 32) return undefined;
  return base % size(cidr) === 0 ? cidr : undefined;
};

/** For text that has been checked before; throws on anything else. */
export const cidrOf = (text: string): Cidr => {
  const found = known.get(text);
  if (found !== undefined) return found;
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new TypeError(`not an IPv4 network: ${text}`);
  if (known.size >= MANY) known.clear();
  known.set(text, cidr);
  return cidr;
};

/** Every host of a fleet has to do with the same networks. */
const known = new Map<string, Cidr>();
const MANY = 10_000;

export const formatCidr = (cidr: Cidr): string => `${formatIp(cidr.base)}/${cidr.prefix}`;

export const contains = (cidr: Cidr, ip: number): boolean => ip >= cidr.base && ip < cidr.base + size(cidr);

export const overlaps = (a: Cidr, b: Cidr): boolean => contains(a, b.base) || contains(b, a.base);

/** How many networks of the given prefix fit into the pool. */
export const blockCount = (pool: Cidr, prefix: number): number =>
  prefix < pool.prefix ? 0 : 2 ** (prefix - pool.prefix);

/** The pool's network of that prefix and index. */
export const block = (pool: Cidr, prefix: number, index: number): Cidr => ({
  base: pool.base + index * 2 ** (32 - prefix),
  prefix,
});

/** The same addresses in as few networks as possible, sorted; never an address more. */
export const aggregate = (cidrs: readonly Cidr[]): readonly Cidr[] => {
  const merged: Cidr[] = [];
  for (const cidr of [...cidrs].sort((a, b) => a.base - b.base || a.prefix - b.prefix)) {
    const last = merged.at(-1);
    if (last !== undefined && contains(last, cidr.base)) continue;
    merged.push(cidr);
    for (let pair = joined(merged); pair !== undefined; pair = joined(merged)) merged.splice(-2, 2, pair);
  }
  return merged;
};

/** The network that the last two of the list make up together, if they are its two halves. */
const joined = (nets: readonly Cidr[]): Cidr | undefined => {
  const [a, b] = [nets.at(-2), nets.at(-1)];
  if (a === undefined || b?.prefix !== a.prefix) return undefined;
  const whole = { base: a.base, prefix: a.prefix - 1 };
  return a.base + size(a) === b.base && a.base % size(whole) === 0 ? whole : undefined;
};
