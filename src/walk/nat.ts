import type { Packet } from "./packet.ts";

/** Targets of the nat table, which end it. */
export const NAT_TARGETS: ReadonlySet<string> = new Set(["MASQUERADE", "SNAT", "DNAT", "REDIRECT", "NETMAP"]);

type Translation = {
  readonly target: string;
  /** `address`, `address:port`, `:port` or a range of addresses, whose first one is taken. */
  readonly to: string;
  /** What MASQUERADE takes; undefined where the device has no address and nobody knows. */
  readonly own: string | undefined;
};

/** The packet with the addresses that the target gives it. */
export const translated = (packet: Packet, { target, to, own }: Translation): Packet => {
  const [, address = "", port] = /^([\d.]*)(?:-[\d.]+)?(?::(\d+))?/.exec(to) ?? [];
  const given = (own: string): string => (address === "" ? own : address);
  switch (target) {
    case "MASQUERADE":
      return { ...packet, source: own ?? packet.source };
    case "SNAT":
      return { ...packet, source: given(packet.source) };
    case "DNAT":
    case "REDIRECT":
      return {
        ...packet,
        destination: given(packet.destination),
        port: port === undefined ? packet.port : Number(port),
      };
    default:
      return packet;
  }
};

/** What such a rule does, in words. */
export const natText = (before: Packet, after: Packet): string =>
  before.source !== after.source
    ? `changes its source from ${before.source} to ${after.source}`
    : before.destination !== after.destination
      ? `changes its destination from ${before.destination} to ${after.destination}`
      : "leaves its addresses as they are";

/** What connection tracking of a network namespace has noted: a packet's addresses as it came and as it left. */
export type Tracked = {
  readonly space: unknown;
  readonly came: Pick<Packet, "source" | "destination" | "port">;
  readonly left: Pick<Packet, "source" | "destination" | "port">;
};

/** What an answer's addresses are made in that namespace, so that they are of whom the first packet was sent to and by. */
export const translatedBack = (answer: Packet, tracked: readonly Tracked[], space: unknown): Packet => {
  const known = tracked.find(
    (entry) =>
      entry.space === space && entry.left.source === answer.destination && entry.left.destination === answer.source,
  );
  return known === undefined || !answer.isTracked
    ? answer
    : { ...answer, source: known.came.destination, destination: known.came.source, sourcePort: known.came.port };
};
