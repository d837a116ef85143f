/** A pcapng file is its blocks one after the other; written after draft-ietf-opsawg-pcapng, in little-endian. */

/** The block that a file begins with. */
export type Section = { readonly application: string; readonly comment: string };

/** Where packets were taken; `linkType` is a number of the LINKTYPE_ registry, times of its packets are in nanoseconds. */
export type InterfaceBlock = {
  readonly linkType: number;
  readonly snapLength: number;
  readonly name: string;
  readonly description: string;
  readonly filter: string;
  readonly comment: string;
};

/** A packet; `point` counts the interface blocks from zero, `time` in nanoseconds since 1970. */
export type PacketBlock = {
  readonly point: number;
  readonly time: bigint;
  readonly length: number;
  readonly data: Buffer;
};

/** What became of the packets at an interface, between two times in nanoseconds since 1970. */
export type StatisticsBlock = {
  readonly point: number;
  readonly start: bigint;
  readonly end: bigint;
  /** Packets that the filter let through, and those of them that the kernel dropped and that were delivered. */
  readonly accepted: number;
  readonly dropped: number;
  readonly delivered: number;
};

export const sectionBlock = ({ application, comment }: Section): Buffer => {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(0x1a2b3c4d, 0);
  head.writeUInt16LE(1, 4);
  // The length of the section is not known beforehand: -1.
  head.writeBigInt64LE(-1n, 8);
  return block(0x0a0d0d0a, [head, ...options([text(COMMENT, comment), text(4, application)])]);
};

export const interfaceBlock = (point: InterfaceBlock): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(point.linkType, 0);
  head.writeUInt32LE(point.snapLength, 4);
  return block(1, [
    head,
    ...options([
      text(COMMENT, point.comment),
      text(2, point.name),
      text(3, point.description),
      // if_tsresol: powers of ten, 9 for nanoseconds.
      { code: 9, value: Buffer.from([9]) },
      // if_filter: a byte 0 in front says that it is text for libpcap.
      { code: 11, value: Buffer.concat([Buffer.from([0]), clipped(point.filter)]) },
    ]),
  ]);
};

export const packetBlock = ({ point, time, length, data }: PacketBlock): Buffer => {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(point, 0);
  timestamp(time).copy(head, 4);
  head.writeUInt32LE(data.length, 12);
  head.writeUInt32LE(length, 16);
  return block(6, [head, padded(data)]);
};

export const statisticsBlock = ({ point, start, end, accepted, dropped, delivered }: StatisticsBlock): Buffer => {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(point, 0);
  timestamp(end).copy(head, 4);
  return block(5, [
    head,
    ...options([
      { code: 2, value: timestamp(start) },
      { code: 3, value: timestamp(end) },
      { code: 6, value: count(accepted) },
      { code: 7, value: count(dropped) },
      { code: 8, value: count(delivered) },
    ]),
  ]);
};

type Option = { readonly code: number; readonly value: Buffer };

const COMMENT = 1;

/** An option's length is a number of 16 bits. */
const clipped = (value: string): Buffer => Buffer.from(value).subarray(0, 0xfff0);
const text = (code: number, value: string): Option => ({ code, value: clipped(value) });

const options = (all: readonly Option[]): readonly Buffer[] => [
  ...all.flatMap(({ code, value }) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(code, 0);
    head.writeUInt16LE(value.length, 2);
    return [head, padded(value)];
  }),
  Buffer.alloc(4),
];

const block = (type: number, parts: readonly Buffer[]): Buffer => {
  const length = 12 + parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, ...parts, head.subarray(4)]);
};

const padded = (data: Buffer): Buffer =>
  data.length % 4 === 0 ? data : Buffer.concat([data, Buffer.alloc(4 - (data.length % 4))]);

/** Upper half first, whatever the byte order. */
const timestamp = (time: bigint): Buffer => {
  const both = Buffer.alloc(8);
  both.writeUInt32LE(Number(time >> 32n), 0);
  both.writeUInt32LE(Number(time & 0xffff_ffffn), 4);
  return both;
};

const count = (value: number): Buffer => {
  const whole = Buffer.alloc(8);
  whole.writeBigUInt64LE(BigInt(value), 0);
  return whole;
};
