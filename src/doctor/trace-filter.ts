import type { Instruction } from "./prober-script.ts";

/** What a listener lets through: 20 bits that all probes of a run share, and packets of WireGuard that are as long as one with a probe inside. */
export type Wanted = {
  /** Bits 12 to 31 of a word. */
  readonly mark: number;
  /** Bytes of the outer IP packet. */
  readonly lengths: readonly number[];
  readonly ports: readonly number[];
};

/** Bytes from the IP header on at which a probe's word may be: of TCP the sequence and the acknowledgement, of ICMP the payload; 20 bytes more in
 * IPIP, 50 in VXLAN, and 28 more in an ICMP error about either. Ascending: what is beyond a packet's end ends the filter. */
const PLACES = [24, 28, 44, 48, 52, 56, 72, 74, 76, 78, 102, 106];

const [LD_BYTE, LD_HALF, LD_WORD, AND, JEQ, RET] = [0x30, 0x28, 0x20, 0x54, 0x15, 0x06] as const;

/** Bytes of a packet that the listener gets: what it looks at is within them. */
const SNAP = 256;

/** An instruction whose jumps go to a label, or to the next instruction. */
type Line = {
  readonly label?: string;
  readonly code: number;
  readonly value: number;
  readonly yes?: string;
  readonly no?: string;
};

/** The socket filter; offset 0 is the IP header, since the socket is SOCK_DGRAM (packet(7)). */
export const traceFilter = ({ mark, lengths, ports }: Wanted): readonly Instruction[] => {
  const encrypted: readonly Line[] =
    lengths.length === 0 || ports.length === 0
      ? []
      : [
          { code: LD_BYTE, value: 9 },
          { code: JEQ, value: 17, no: "words" },
          { code: LD_HALF, value: 22 },
          ...ports.map((port, i): Line => ({ code: JEQ, value: port, yes: "length", ...last(ports, i, "words") })),
          { label: "length", code: LD_HALF, value: 2 },
          ...lengths.map((length, i): Line => ({
            code: JEQ,
            value: length,
            yes: "pass",
            ...last(lengths, i, "words"),
          })),
        ];
  const words = PLACES.flatMap((place, i): readonly Line[] => [
    { ...(i === 0 && { label: "words" }), code: LD_WORD, value: place },
    { code: AND, value: 0xfffff000 },
    { code: JEQ, value: mark, yes: "pass" },
  ]);
  const ends: readonly Line[] = [
    { code: RET, value: 0 },
    { label: "pass", code: RET, value: SNAP },
  ];
  return assembled([...encrypted, ...words, ...ends]);
};

const last = (all: readonly unknown[], i: number, no: string): { readonly no?: string } =>
  i === all.length - 1 ? { no } : {};

const assembled = (lines: readonly Line[]): readonly Instruction[] => {
  const at = new Map(lines.map(({ label }, i) => [label, i]));
  const jump = (label: string | undefined, i: number): number =>
    label === undefined ? 0 : (at.get(label) ?? 0) - i - 1;
  return lines.map(({ code, value, yes, no }, i) => [code, jump(yes, i), jump(no, i), value]);
};
