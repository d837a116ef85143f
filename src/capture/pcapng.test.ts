import fc from "fast-check";
import { expect, test } from "vitest";
import { interfaceBlock, packetBlock, sectionBlock, statisticsBlock } from "./pcapng.ts";

/** Blocks as draft-ietf-opsawg-pcapng section 3.1 has them: type, length, body, length again. */
const blocks = (file: Buffer): { readonly type: number; readonly body: Buffer }[] => {
  const found = [];
  for (let at = 0; at < file.length;) {
    const length = file.readUInt32LE(at + 4);
    expect(length % 4).toBe(0);
    expect(file.readUInt32LE(at + length - 4)).toBe(length);
    found.push({ type: file.readUInt32LE(at), body: file.subarray(at + 8, at + length - 4) });
    at += length;
  }
  return found;
};

/** Section 3.5: code, length, value padded to 32 bits, until code 0. */
const options = (body: Buffer): Map<number, Buffer> => {
  const found = new Map<number, Buffer>();
  for (let at = 0; body.readUInt16LE(at) !== 0;) {
    const length = body.readUInt16LE(at + 2);
    found.set(body.readUInt16LE(at), body.subarray(at + 4, at + 4 + length));
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return found;
};

const time = fc.bigInt({ min: 0n, max: 2n ** 63n });

test("a packet keeps its point, its time to the nanosecond, its length and its bytes", () => {
  fc.assert(
    fc.property(fc.nat(100), time, fc.nat(70_000), fc.uint8Array({ maxLength: 300 }), (point, at, length, data) => {
      const [block, ...more] = blocks(packetBlock({ point, time: at, length, data: Buffer.from(data) }));
      expect(more).toEqual([]);
      const body = block?.body ?? Buffer.alloc(0);
      expect([block?.type, body.readUInt32LE(0), body.readUInt32LE(16)]).toEqual([6, point, length]);
      expect((BigInt(body.readUInt32LE(4)) << 32n) | BigInt(body.readUInt32LE(8))).toBe(at);
      expect([...body.subarray(20, 20 + body.readUInt32LE(12))]).toEqual([...data]);
    }),
  );
});

test("an interface has its name, its filter, its comment and nanoseconds, whatever they say", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 60 });
  fc.assert(
    fc.property(text, text, text, (name, filter, comment) => {
      const [block] = blocks(
        interfaceBlock({ linkType: 1, snapLength: 262_144, name, description: "d", filter, comment }),
      );
      const body = block?.body ?? Buffer.alloc(0);
      expect([block?.type, body.readUInt16LE(0), body.readUInt32LE(4)]).toEqual([1, 1, 262_144]);
      const found = options(body.subarray(8));
      expect([found.get(1), found.get(2)].map(String)).toEqual([comment, name]);
      expect(found.get(9)).toEqual(Buffer.from([9]));
      expect(String(found.get(11)?.subarray(1))).toBe(filter);
    }),
  );
});

test("the section and the statistics are blocks, and a comment that is too long is cut", () => {
  const [section] = blocks(sectionBlock({ application: "xhost 1", comment: "x".repeat(100_000) }));
  expect([section?.type, section?.body.readUInt32LE(0)]).toEqual([0x0a0d0d0a, 0x1a2b3c4d]);
  expect(options(section?.body.subarray(16) ?? Buffer.alloc(0)).get(1)).toHaveLength(0xfff0);
  const counts = { accepted: 12, dropped: 2, delivered: 10 };
  const [statistics] = blocks(statisticsBlock({ point: 3, start: 5n, end: 2n ** 40n, ...counts }));
  expect([statistics?.type, statistics?.body.readUInt32LE(0)]).toEqual([5, 3]);
  const found = options(statistics?.body.subarray(12) ?? Buffer.alloc(0));
  expect([6, 7, 8].map((code) => found.get(code)?.readBigUInt64LE(0))).toEqual([12n, 2n, 10n]);
});
