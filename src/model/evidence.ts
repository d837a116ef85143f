import { interned } from "../interned.ts";

/**
 * What the fabric between two hosts has to pass, whatever a tunnel puts into it: packets with addresses that it has not given out
 * (`foreign`), IP protocol 4, or UDP to a port.
 */
export type Carrier = "foreign" | "proto4" | `udp:${number}`;

/** One direction between two hosts that is to be measured. */
export type Way = {
  /** Names of the hosts. */
  readonly from: string;
  readonly to: string;
  /** Underlay address on an interface of `from` that its packets carry, and the address under which `to` is reached. */
  readonly source: string;
  readonly target: string;
  readonly carriers: readonly Carrier[];
  /** Bytes: MTU of the device by which the packets leave; nothing bigger is tried. */
  readonly mtu: number;
  /** Bytes: the smaller MTU of both ends' devices, what most likely arrives. */
  readonly likely: number;
  /** For carrier `foreign`: the device of the shared segment, and addresses of the two hosts' blocks. */
  readonly foreign?: { readonly device: string; readonly source: string; readonly target: string } | undefined;
};

/** Bytes of the largest IP packet that arrived, by carrier; 0 where none did. A carrier that was not tried is not in it. */
export type Sizes = ReadonlyMap<Carrier, number>;

/** What was measured on the way from one host to another, as it is kept on the first. */
export type Evidence = Pick<Way, "source" | "target" | "mtu"> & {
  /** Name of the other host. */
  readonly to: string;
  readonly sizes: Sizes;
  /** UTC, to the second, such as `2026-11-22T17:40:05Z`. */
  readonly at: string;
};

/** The file's text: a line for each way, sorted, words by blanks: `h2 10.0.0.1 10.0.0.2 1500 foreign=1500,proto4=0 2026-11-22T17:40:05Z`. */
export const formatEvidence = (all: readonly Evidence[]): string =>
  all
    .map(({ to, source, target, mtu, sizes, at }) => [to, source, target, mtu, sizesText(sizes), at].join(" "))
    .sort()
    .map((line) => `${line}\n`)
    .join("");

/** Reads the text back by host; lines of another form are no evidence. */
export const parseEvidence = (text: string): ReadonlyMap<string, Evidence> =>
  new Map(
    text.split("\n").flatMap((line): [string, Evidence][] => {
      if (!LINE.test(line)) return [];
      const [to = "", source = "", target = "", mtu, sizes = "", at = ""] = line.split(" ").map(interned);
      return [[to, { to, source, target, mtu: Number(mtu), sizes: sizesOf(sizes), at }]];
    }),
  );

const sizesText = (sizes: Sizes): string => [...sizes].map(([carrier, size]) => `${carrier}=${size}`).join();

const LINE = /^\S+ [\d.]+ [\d.]+ \d+ (foreign|proto4|udp:\d+)=\d+(,(foreign|proto4|udp:\d+)=\d+)* \S+$/;

/** The same sizes as one object, whichever way they were measured on: between hundreds of hosts most are the same. */
export const sharedSizes = (sizes: Sizes): Sizes => (sizes.size === 0 ? NONE : sizesOf(sizesText(sizes)));

const NONE: Sizes = new Map();

const sizesOf = (text: string): Sizes => {
  const known = parsedSizes.get(text);
  if (known !== undefined) return known;
  const sizes = new Map(text.split(",").map(sizeOf));
  if (parsedSizes.size >= 1000) parsedSizes.clear();
  parsedSizes.set(text, sizes);
  return sizes;
};

const parsedSizes = new Map<string, Sizes>();

const sizeOf = (text: string): [Carrier, number] => {
  const at = text.lastIndexOf("=");
  return [text.slice(0, at) as Carrier, Number(text.slice(at + 1))];
};

/** Whether what was measured still is about this way: between the same addresses, and out of a device of the same MTU. */
export const isAbout = (evidence: Evidence, way: Pick<Way, "source" | "target" | "mtu">): boolean =>
  evidence.source === way.source && evidence.target === way.target && evidence.mtu === way.mtu;

/** The file of a project as it was found on a host. */
export type EvidenceFile = { readonly all: ReadonlyMap<string, Evidence>; readonly content: string };

/** Reads it once. Its text is kept only where what it says does not make the same text: of hundreds of hosts each has a line for each other one. */
export const evidenceIn = (text: string): EvidenceFile => {
  const all = parseEvidence(text);
  if (formatEvidence([...all.values()]) !== text) return { all, content: text };
  return {
    all,
    get content() {
      return formatEvidence([...all.values()]);
    },
  };
};

/** What is kept on a host for the project, by the other host. */
export const keptEvidence = (
  facts: { readonly evidence: ReadonlyMap<string, EvidenceFile> } | undefined,
  project: string,
): ReadonlyMap<string, Evidence> => facts?.evidence.get(project)?.all ?? NO_EVIDENCE;

const NO_EVIDENCE: ReadonlyMap<string, Evidence> = new Map();
