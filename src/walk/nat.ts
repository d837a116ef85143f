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

/** The packet with the addresses that the target gives it. The kernel notes NAT only where it changes something (nf_nat_setup_info). */
export const translated = (packet: Packet, translation: Translation): Packet => {
  const after = changed(packet, translation);
  return { ...after, nat: [...new Set([...packet.nat, ...natBetween(packet, after)])] };
};

type Ends = Pick<Packet, "source" | "destination" | "port">;

const natBetween = (before: Ends, after: Ends): Packet["nat"] => [
  ...(before.destination !== after.destination || before.port !== after.port ? (["dnat"] as const) : []),
  ...(before.source !== after.source ? (["snat"] as const) : []),
];

const changed = (packet: Packet, { target, to, own }: Translation): Packet => {
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
  readonly came: Ends;
  readonly left: Ends;
};

/** What an answer's addresses are made in that namespace, so that they are of whom the first packet was sent to and by. */
export const translatedBack = (answer: Packet, tracked: readonly Tracked[], space: unknown): Packet => {
  const known = entryOf(answer, tracked, space);
  return known === undefined || !answer.isTracked
    ? answer
    : { ...answer, source: known.came.destination, destination: known.came.source, sourcePort: known.came.port };
};

/** A packet as it comes into a namespace, where its connection may be known already; other namespaces' NAT is not seen there. */
export const comeInto = (packet: Packet, tracked: readonly Tracked[], space: unknown): Packet => {
  const known = packet.isReply && packet.isTracked ? entryOf(packet, tracked, space) : undefined;
  return { ...packet, nat: known === undefined ? [] : natBetween(known.came, known.left) };
};

const entryOf = (answer: Packet, tracked: readonly Tracked[], space: unknown): Tracked | undefined =>
  tracked.find(
    ({ space: of, left }) => of === space && left.source === answer.destination && left.destination === answer.source,
  );
