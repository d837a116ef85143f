import fc from "fast-check";
import { expect, test } from "vitest";
import { XhostError } from "../errors.ts";
import { pcapReader, type PcapRecord } from "./pcap.ts";

type Made = { readonly seconds: number; readonly fraction: number; readonly length: number; readonly data: Uint8Array };

const packets = fc.array(
  fc.record({
    seconds: fc.nat(2 ** 32 - 1),
    fraction: fc.nat(999_999),
    length: fc.nat(70_000),
    data: fc.uint8Array({ maxLength: 300 }),
  }),
  { maxLength: 20 },
);

const fileOf = (all: readonly Made[], form: { readonly little: boolean; readonly nano: boolean }): Buffer => {
  const numbers = (...values: number[]): Buffer => {
    const buffer = Buffer.alloc(values.length * 4);
    values.forEach((value, i) =>
      form.little ? buffer.writeUInt32LE(value, i * 4) : buffer.writeUInt32BE(value, i * 4),
    );
    return buffer;
  };
  const version = form.little ? 0x0004_0002 : 0x0002_0004;
  const head = numbers(form.nano ? 0xa1b23c4d : 0xa1b2c3d4, version, 0, 0, 262_144, 1);
  return Buffer.concat([
    head,
    ...all.flatMap((p) => [numbers(p.seconds, p.fraction, p.data.length, p.length), Buffer.from(p.data)]),
  ]);
};

test("whatever the form, and wherever the stream is cut into pieces, the packets come out", () => {
  fc.assert(
    fc.property(
      packets,
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.integer({ min: 1, max: 500 })),
      (all, little, nano, cuts) => {
        const file = fileOf(all, { little, nano });
        const read = pcapReader();
        const found: PcapRecord[] = [];
        const heads: unknown[] = [];
        let at = 0;
        for (const cut of [...cuts, file.length]) {
          const { head, records } = read(file.subarray(at, at + cut));
          if (head !== undefined) heads.push(head);
          found.push(...records);
          at += cut;
        }
        expect(heads).toEqual([{ linkType: 1, snapLength: 262_144 }]);
        const unit = nano ? 1n : 1000n;
        expect(found.map(({ time, length, data }) => ({ time, length, data: [...data] }))).toEqual(
          all.map((p) => ({
            time: BigInt(p.seconds) * 1_000_000_000n + BigInt(p.fraction) * unit,
            length: p.length,
            data: [...p.data],
          })),
        );
      },
    ),
  );
});

test("what is no pcap stream is refused, not misread", () => {
  expect(() => pcapReader()(Buffer.alloc(24, "tcpdump: "))).toThrow(XhostError);
  const read = pcapReader();
  read(fileOf([], { little: true, nano: true }));
  expect(() => read(Buffer.alloc(16, 0xff))).toThrow("no pcap stream: a packet of 4294967295 bytes");
});
