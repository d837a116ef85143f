/** An IPv4 network: first address as an unsigned 32-bit number and prefix length. */
export type Cidr = { readonly base: number; readonly prefix: number };

const OCTET = "(0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
const QUAD = new RegExp(`^${[OCTET, OCTET, OCTET, OCTET].join("\\.")}$`);

/**
 * Unsigned 32-bit value of a strict dotted quad; no octal, no short forms (`010.0.0.1` and `10.1` are refused). Planning a
 * few hundred hosts reads some hundred thousand of them, which the ip-address library, the measure in the tests, takes 30
 * times as long for.
 */
export const parseIp = (text: string): number | undefined =>
  QUAD.exec(text)
    ?.slice(1)
    .reduce((ip, octet) => ip * 256 + Number(octet), 0);

export const formatIp = (ip: number): string => [24, 16, 8, 0].map((shift) => (ip >>> shift) & 255).join(".");

/** Number of addresses, network and broadcast address included. */
export const size = (cidr: Cidr): number => 2 ** (32 - cidr.prefix);

/** A network in CIDR notation; refuses host bits (`10.0.0.1/24`), so that one network has one spelling. */
export const parseCidr = (text: string): Cidr | undefined => {
  const [ip = "", prefix = "", more] = text.split("/");
  const base = parseIp(ip);
  if (base === undefined || more !== undefined || !/^([1-9]?\d)$/.test(prefix) || Number(prefix) > 32) return undefined;
  const cidr = { base, prefix: Number(prefix) };
  return base % size(cidr) === 0 ? cidr : undefined;
};

/** For text that has been checked before; throws on anything else. */
export const cidrOf = (text: string): Cidr => {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new TypeError(`not an IPv4 network: ${text}`);
  return cidr;
};

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
  const [a, b] = nets.slice(-2);
  if (a === undefined || b?.prefix !== a.prefix) return undefined;
  const whole = { base: a.base, prefix: a.prefix - 1 };
  return a.base + size(a) === b.base && a.base % size(whole) === 0 ? whole : undefined;
};
