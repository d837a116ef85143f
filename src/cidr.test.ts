import fc from "fast-check";
import { Address4 } from "ip-address";
import { describe, expect, it, test } from "vitest";
import { aggregate, block, blockCount, contains, formatCidr, overlaps, parseCidr, parseIp, size } from "./cidr.ts";
import type { Cidr } from "./cidr.ts";

const cidr = (min = 0) =>
  fc
    .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min, max: 32 }))
    .map(([ip, prefix]): Cidr => ({ base: ip - (ip % 2 ** (32 - prefix)), prefix }));

test.each(["10.0.0.0/8", "0.0.0.0/0", "255.255.255.255/32", "172.30.0.0/16"])("%s is a network", (text) => {
  expect(formatCidr(parseCidr(text)!)).toBe(text);
});
test.each([
  "10.0.0.1/8",
  "10.0.0.0",
  "10.0.0.0/33",
  "10.0.0.0/08",
  "10.0.0/8",
  "010.0.0.0/8",
  "10.0.0.0/8/8",
  "a/8",
  "",
])("%s is not", (text) => {
  expect(parseCidr(text)).toBeUndefined();
});
test.each(["10.1", "010.1.1.1", "1.2.3.4/32", "1.2.3.256", "0x1.1.1.1", ""])("%s is no address", (text) => {
  expect(parseIp(text)).toBeUndefined();
});

describe("properties", () => {
  it("an address is what the ip-address library takes for one, and has the same value", () => {
    const octet = fc.oneof(fc.nat(300).map(String), fc.stringMatching(/^[0-9a-fx ]{0,3}$/));
    fc.assert(
      fc.property(fc.array(octet, { minLength: 3, maxLength: 5 }), (octets) => {
        const text = octets.join(".");
        const value = Address4.isValid(text) ? Number(new Address4(text).bigInt()) : undefined;
        expect(parseIp(text)).toBe(value);
      }),
    );
  });
  it("overlap is symmetric and means a shared address", () => {
    fc.assert(
      fc.property(cidr(), cidr(), (a, b) => {
        expect(overlaps(a, b)).toBe(overlaps(b, a));
        expect(overlaps(a, b)).toBe(Math.max(a.base, b.base) < Math.min(a.base + size(a), b.base + size(b)));
      }),
    );
  });
  it("blocks of a pool lie inside it and apart", () => {
    fc.assert(
      fc.property(cidr(8), fc.nat(8), fc.nat(), fc.nat(), (pool, longer, i, j) => {
        const prefix = Math.min(32, pool.prefix + longer);
        const n = blockCount(pool, prefix);
        const [a, b] = [block(pool, prefix, i % n), block(pool, prefix, j % n)];
        expect(contains(pool, a.base) && contains(pool, a.base + size(a) - 1)).toBe(true);
        expect(overlaps(a, b)).toBe(i % n === j % n);
      }),
    );
  });
  it("aggregation keeps exactly the same addresses", () => {
    const small = fc.tuple(fc.nat(63), fc.integer({ min: 26, max: 32 })).map(([ip, prefix]): Cidr => ({
      base: ip - (ip % 2 ** (32 - prefix)),
      prefix,
    }));
    fc.assert(
      fc.property(fc.array(small), (list) => {
        const merged = aggregate(list);
        for (let ip = 0; ip < 64; ip++)
          expect(merged.filter((c) => contains(c, ip)).length).toBe(list.some((c) => contains(c, ip)) ? 1 : 0);
        expect(merged.length).toBeLessThanOrEqual(list.length);
      }),
    );
  });
});
