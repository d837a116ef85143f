import { quote } from "../ssh/quote.ts";
import { PERL } from "./prober-perl.ts";
import { PYTHON } from "./prober-python.ts";

/** One measuring: 16 hex digits that no other one has, and seconds after which a prober ends by itself, should the connection die without a sign. */
export type Run = { readonly id: string; readonly life: number };

/**
 * Shell text that becomes the prober: from its line `R` on, it hears the probes of this run and sends those it is told to on
 * its stdin. Where neither Perl nor Python is there, `E` and why.
 */
export const proberScript = ({ id, life }: Run): string => {
  const mark = markOf(id);
  const words = `${mark} ${quote(filterOf(mark).flat().join(" "))}`;
  return [
    `if perl -e 1 2>/dev/null; then exec timeout ${life} perl -e ${quote(PERL)} ${words}; fi`,
    // RHEL 8 has its own python3 out of the PATH. -B: no compiled modules are written.
    `for python in python3 /usr/libexec/platform-python; do`,
    `  if $python -BIS -c 1 2>/dev/null; then exec timeout ${life} $python -BIS -c ${quote(PYTHON)} ${words}; fi`,
    `done`,
    `echo E there is neither perl nor python3: install one of them`,
    `exit`,
    ``,
  ].join("\n");
};

/**
 * The first bytes of a probe's payload, in hex. They begin with a zero: whoever listens on the port throws the probe away, since it
 * has no VNI (VXLAN's I flag, RFC 7348) and no type of WireGuard's messages (1 to 4).
 */
export const markOf = (id: string): string => `00786870${id}`;

/** `code jt jf k` (the kernel's networking/filter.rst). */
export type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/**
 * The socket filter that lets only probes with this mark through, 96 bytes of each: a busy host's traffic would overrun the
 * prober. Offset 0 is the IP header, since the socket is SOCK_DGRAM (packet(7)); the mark comes after another header of 8 bytes,
 * UDP's or ICMP's, or of 20, the inner IP header.
 */
export const filterOf = (mark: string): readonly Instruction[] => {
  const words = [0, 8, 16].map((at) => parseInt(mark.slice(at, at + 8), 16));
  return [
    [LDX_IMM, 0, 0, 28],
    [LD_BYTE, 0, 0, 9],
    [JEQ, 0, 1, 4],
    [LDX_IMM, 0, 0, 40],
    // The filter's end, "nothing", is 2 instructions further with each word that has still to come.
    ...words.flatMap((word, i): Instruction[] => [
      [LD_WORD_AT_X, 0, 0, 4 * i],
      [JEQ, 0, 5 - 2 * i, word],
    ]),
    [RET, 0, 0, 96],
    [RET, 0, 0, 0],
  ];
};

const LDX_IMM = 0x01;
const LD_BYTE = 0x30;
const LD_WORD_AT_X = 0x40;
const JEQ = 0x15;
const RET = 0x06;
