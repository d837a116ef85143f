import { describe, expect, it } from "vitest";
import { traceFilter } from "./trace-filter.ts";

const mark = 0x12345000;

/** The kernel's machine, as far as the filter uses it (networking/filter.rst): a load beyond the end drops the packet. */
const passes = (packet: Buffer, wanted: Parameters<typeof traceFilter>[0]): boolean => {
  const code = traceFilter(wanted);
  let a = 0;
  for (let pc = 0; pc < code.length; pc++) {
    const [op, yes, no, k] = code[pc]!;
    if (op === 0x06) return k > 0;
    const width = { 0x30: 1, 0x28: 2, 0x20: 4 }[op];
    if (width !== undefined) {
      if (k + width > packet.length) return false;
      a = packet.readUIntBE(k, width);
    } else if (op === 0x54) a = (a & k) >>> 0;
    else if (op === 0x15) pc += a === k ? yes : no;
    else throw new Error(`instruction ${op}`);
  }
  throw new Error("the filter has no end");
};

const packet = (
  size: number,
  words: Readonly<Record<number, number>>,
  bytes: Readonly<Record<number, number>> = {},
): Buffer => {
  const made = Buffer.alloc(size);
  for (const [at, word] of Object.entries(words)) made.writeUInt32BE(word, Number(at));
  for (const [at, byte] of Object.entries(bytes)) made[Number(at)] = byte;
  return made;
};

const wireguard = { lengths: [156, 1500], ports: [51820, 51821] };
const udp = (length: number, port: number): Buffer =>
  packet(160, {}, { 2: length >> 8, 3: length & 255, 9: 17, 22: port >> 8, 23: port & 255 });

describe("the socket filter of a trace", () => {
  it.each([
    ["an echo", packet(84, { 28: mark | 0x50 }), true],
    ["a SYN", packet(40, { 24: mark }), true],
    ["its answer", packet(44, { 28: mark | 1 }), true],
    ["an echo in IPIP", packet(104, { 48: mark }), true],
    ["an echo in VXLAN", packet(134, { 78: mark }), true],
    ["an error about an echo", packet(112, { 56: mark }), true],
    ["an error about an echo, in VXLAN", packet(162, { 106: mark }), true],
    ["a ping of somebody else's", packet(84, { 28: 0x12346000 }), false],
    ["a short packet", packet(28, {}), false],
    ["WireGuard of a probe's length", udp(156, 51821), true],
    ["WireGuard of another length", udp(140, 51820), false],
    ["another port", udp(156, 53), false],
  ])("%s", (_, made, wanted) => expect(passes(made, { mark, ...wireguard })).toBe(wanted));

  it("needs no wireguard", () => {
    expect(passes(udp(156, 51820), { mark, lengths: [156], ports: [] })).toBe(false);
    expect(passes(packet(84, { 28: mark }), { mark, lengths: [], ports: [] })).toBe(true);
  });
});
