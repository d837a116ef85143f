import { isClosedPipe, type LivePoint, type Packet, type Sink, type Tally } from "./sink.ts";

/** A sink that has enough after some packets, or when nobody reads any more; then it takes nothing and says so. */
export type Outlet = {
  readonly begin: (points: readonly LivePoint[]) => Promise<void>;
  /** Whether it has enough. */
  readonly write: (packets: readonly Packet[]) => Promise<boolean>;
  /** Packets it took at that point. */
  readonly taken: (point: number) => number;
  readonly end: (tallies: readonly Tally[], period: { readonly start: bigint; readonly end: bigint }) => Promise<void>;
};

export const outlet = (sink: Sink, count = Infinity): Outlet => {
  const taken = new Map<number, number>();
  let left = count;
  let isClosed = false;
  const whileOpen = async (work: () => Promise<void>): Promise<void> => {
    if (isClosed) return;
    try {
      await work();
    } catch (error) {
      if (!isClosedPipe(error)) throw error;
      isClosed = true;
    }
  };
  return {
    begin: (points) => whileOpen(() => sink.begin(points)),
    write: async (packets) => {
      const some = packets.slice(0, left);
      left -= some.length;
      for (const { point } of some) taken.set(point, (taken.get(point) ?? 0) + 1);
      if (some.length > 0) await whileOpen(() => sink.write(some));
      return isClosed || left === 0;
    },
    taken: (point) => taken.get(point) ?? 0,
    end: (tallies, period) => whileOpen(() => sink.end(tallies, period)),
  };
};
