import type { PcapHead } from "./pcap.ts";
import type { Point } from "./point.ts";

/** A packet with its time by this machine's clock. `point` counts the capture's points, `rank` says who is first at the same time. */
export type Packet = {
  readonly point: number;
  readonly time: bigint;
  readonly rank: number;
  readonly length: number;
  readonly data: Buffer;
};

/** A point at which packets are being taken; `clock` says what is known of its host's clock. */
export type LivePoint = Point & { readonly head: PcapHead; readonly clock: string };

/** What became of the packets at a point. */
export type Tally = {
  readonly point: Point;
  /** Packets that arrived here. */
  readonly packets: number;
  /** What tcpdump counted, 0 where it could not say: for which the kernel had no room, and which were lost between tcpdump and here. */
  readonly dropped: number;
  readonly lost: number;
};

/** Where packets go. Rejects with code EPIPE once nobody reads any more. */
export type Sink = {
  readonly begin: (points: readonly LivePoint[]) => Promise<void>;
  /** In the order of time. */
  readonly write: (packets: readonly Packet[]) => Promise<void>;
  readonly end: (tallies: readonly Tally[], period: { readonly start: bigint; readonly end: bigint }) => Promise<void>;
};

/** Whether that says that the reader of a pipe has gone. */
export const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error && "code" in error && ["EPIPE", "ERR_STREAM_DESTROYED"].includes(String(error.code));
