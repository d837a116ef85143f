/** A probe as it passed a device. */
export type Sighting = {
  readonly host: string;
  /** The container in whose network namespace it was; undefined in the host's own. */
  readonly container: string | undefined;
  readonly index: number;
  /** `stray`: it comes in, for an Ethernet address that the device does not have; so it is at every port of a bridge. */
  readonly way: "in" | "out" | "stray";
  /** Whether it was inside of a tunnel's packet. */
  readonly isWrapped: boolean;
  /** `refusal`: a TCP answer that says nobody listens; `encrypted`: something of a probe's length inside of WireGuard. */
  readonly kind: "request" | "answer" | "refusal" | "error" | "encrypted";
  /** Number of the probe; -1 where it cannot be read. */
  readonly id: number;
  /** Bytes of the probe, or of what it is encrypted in. */
  readonly size: number;
  readonly source: string;
  readonly destination: string;
  readonly error: IcmpError | undefined;
};

/** An ICMP error about a probe; `source` of the sighting is who says so. */
export type IcmpError = {
  /** What it is about. */
  readonly about: "request" | "answer";
  readonly type: number;
  readonly code: number;
  /** Bytes, where it says that the probe is too big. */
  readonly mtu: number;
};

const KINDS: Readonly<Record<string, Sighting["kind"]>> = {
  q: "request",
  a: "answer",
  r: "refusal",
  x: "error",
  w: "encrypted",
};

/** Parses a listener's `S SPACE INDEX WAY DEPTH KIND ID SIZE SOURCE DESTINATION [ABOUT TYPE CODE MTU]`. */
export const parseSighting = (host: string, line: string): Sighting | undefined => {
  const [verb, space = "", index, way, depth, kind = "", id, size, source = "", destination = "", ...more] =
    line.split(" ");
  const known = KINDS[kind];
  if (verb !== "S" || known === undefined) return undefined;
  const [about, type, code, mtu] = more;
  return {
    host,
    container: space === "own" ? undefined : space,
    index: Number(index),
    way: way === "out" || way === "stray" ? way : "in",
    isWrapped: depth !== "0",
    kind: known,
    id: Number(id),
    size: Number(size),
    source,
    destination,
    error:
      type === undefined
        ? undefined
        : { about: about === "q" ? "request" : "answer", type: Number(type), code: Number(code), mtu: Number(mtu) },
  };
};

/** An ICMP error in words (RFC 792, RFC 1812). */
export const errorText = ({ type, code, mtu }: IcmpError): string => {
  if (type === 11) return "time to live exceeded: it goes in circles";
  if (type === 3 && code === 4) return `too big: ${mtu} bytes fit`;
  const words: Readonly<Record<number, string>> = {
    0: "network unreachable",
    1: "host unreachable",
    2: "protocol unreachable",
    3: "port unreachable",
    9: "network prohibited",
    10: "host prohibited",
    13: "filtered",
  };
  return words[code] ?? `unreachable, code ${code}`;
};
