import { XhostError } from "../errors.ts";

/** What the head of a pcap stream says; `linkType` is a number of the LINKTYPE_ registry. */
export type PcapHead = { readonly linkType: number; readonly snapLength: number };

/** A packet of a pcap stream; `time` in nanoseconds since 1970, `length` in bytes as it was on the wire, `data` what was kept of it. */
export type PcapRecord = { readonly time: bigint; readonly length: number; readonly data: Buffer };

/** What a piece of the stream brought. */
export type PcapPiece = { readonly head: PcapHead | undefined; readonly records: readonly PcapRecord[] };

const HEAD = 24;
const RECORD = 16;

/** Bytes; what tcpdump keeps of a packet at most (MAXIMUM_SNAPLEN of libpcap). */
const MOST = 262_144;

type Form = { readonly littleEndian: boolean; readonly fraction: bigint };

/** The magic numbers of pcap-savefile(5): byte order, and nanoseconds that a fraction of a second counts. */
const FORMS: ReadonlyMap<number, Form> = new Map([
  [0xa1b2c3d4, { littleEndian: false, fraction: 1000n }],
  [0xd4c3b2a1, { littleEndian: true, fraction: 1000n }],
  [0xa1b23c4d, { littleEndian: false, fraction: 1n }],
  [0x4d3cb2a1, { littleEndian: true, fraction: 1n }],
]);

/**
 * Reads a pcap stream (draft-ietf-opsawg-pcap) in the pieces in which it comes; `head` comes once, with the piece that completes it.
 * A REMOTE XhostError for a stream that is none.
 */
export const pcapReader = (): ((piece: Buffer) => PcapPiece) => {
  let rest: Buffer = Buffer.alloc(0);
  let form: Form | undefined;
  const number = (at: number): number => (form?.littleEndian === true ? rest.readUInt32LE(at) : rest.readUInt32BE(at));
  const head = (): PcapHead => {
    form = FORMS.get(rest.readUInt32BE(0));
    if (form === undefined) throw broken(`it begins with ${rest.subarray(0, 4).toString("hex")}`);
    // The upper bits say whether packets end in their checksum (draft-ietf-opsawg-pcap section 4).
    const found = { snapLength: number(16), linkType: number(20) & 0xffff };
    rest = rest.subarray(HEAD);
    return found;
  };
  const record = (fraction: bigint): PcapRecord | undefined => {
    if (rest.length < RECORD) return undefined;
    const kept = number(8);
    if (kept > MOST) throw broken(`a packet of ${kept} bytes`);
    if (rest.length < RECORD + kept) return undefined;
    const time = BigInt(number(0)) * 1_000_000_000n + BigInt(number(4)) * fraction;
    const found = { time, length: number(12), data: rest.subarray(RECORD, RECORD + kept) };
    rest = rest.subarray(RECORD + kept);
    return found;
  };
  return (piece) => {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const found = form === undefined && rest.length >= HEAD ? head() : undefined;
    const records: PcapRecord[] = [];
    if (form === undefined) return { head: found, records };
    for (let next = record(form.fraction); next !== undefined; next = record(form.fraction)) records.push(next);
    return { head: found, records };
  };
};

const broken = (why: string): XhostError => new XhostError("REMOTE", `what tcpdump writes is no pcap stream: ${why}`);
