import { setTimeout as sleep } from "node:timers/promises";
import { combined, XhostError } from "../errors.ts";
import type { Host } from "../ssh/host.ts";
import { clockText, correction, fineClock, type Clock } from "./clock.ts";
import { intake, type Done, type Intake } from "./intake.ts";
import { outlet } from "./outlet.ts";
import type { PcapRecord } from "./pcap.ts";
import { POINT_KINDS, type Point } from "./point.ts";
import { reorder } from "./reorder.ts";
import type { Packet, Sink, Tally } from "./sink.ts";

/** Milliseconds that a packet waits for earlier ones of other points, and between two looks at those that have waited. */
const WAIT = 500;
const TURN = 50;
/** Milliseconds for tcpdump to end after it was told to. */
const GRACE = 5000;
/** Bytes of packets that may wait here; then tcpdump waits, and what the kernel has no room for it drops, and counts. */
const MOST_WAITING = 128 * 1024 * 1024;

type Options = {
  readonly hosts: ReadonlyMap<string, Pick<Host, "name" | "stream">>;
  readonly clocks: ReadonlyMap<string, Clock>;
  readonly sink: Sink;
  /** Bytes that are kept of each packet, 0 for all. */
  readonly snap: number;
  /** Packets, and seconds, after which it ends; undefined for without end. */
  readonly count: number | undefined;
  readonly seconds: number | undefined;
  /** Ends it too, as it ends otherwise: nothing that came is lost. */
  readonly signal: AbortSignal;
  /** Is called when packets are being taken at all points. */
  readonly onReady: () => void;
};

/** `troubles`: why points ended before they were told to. */
type Captured = { readonly tallies: readonly Tally[]; readonly troubles: readonly XhostError[] };

/**
 * Takes packets at all points at once and hands them to the sink in the order of this machine's time, until a limit, the signal, or nobody
 * reads any more (a closed pipe). Whatever happens, every tcpdump is ended. Throws what goes wrong, or the signal's reason, before packets are
 * taken at all points.
 */
export const capture = async (points: readonly Point[], options: Options): Promise<Captured> => {
  const { hosts, clocks, snap, signal } = options;
  const clockAt = ({ host }: Point): Clock => clocks.get(host) ?? { ahead: 0n, doubt: 0n };
  const hold = holdOf();
  const { started, failed } = await startAll(points, (point, index) => {
    const host = hosts.get(point.host);
    if (host === undefined) throw new TypeError(`${point.host} is not connected`);
    const ahead = correction(clockAt(point));
    const rank = POINT_KINDS.indexOf(point.kind);
    const packet = ({ time, ...rest }: PcapRecord): Packet => ({ ...rest, point: index, time: time - ahead, rank });
    return intake(point, { host, snap, take: (records) => hold.take(records.map(packet)) });
  });
  const now = fineClock();
  const start = now();
  try {
    const heads = await headsOf(started, failed);
    signal.throwIfAborted();
    const out = outlet(options.sink, options.count);
    await out.begin(heads.map(({ point, head }) => ({ ...point, head, clock: clockText(clockAt(point)) })));
    options.onReady();
    await untilEnd(started, async () => out.write(hold.waited()), options);
    hold.open();
    const done = await endAll(started);
    await out.write(hold.rest());
    const tallies = points.map((point, i) => tallyOf(point, out.taken(i), { arrived: hold.arrived(i), done: done[i] }));
    await out.end(tallies, { start, end: now() });
    return { tallies, troubles: done.flatMap(({ trouble }) => trouble ?? []) };
  } finally {
    hold.open();
    await endAll(started);
  }
};

/** What has come and waits for its turn. */
const holdOf = () => {
  const waiting = reorder<Packet>(WAIT);
  const arrived = new Map<number, number>();
  let bytes = 0;
  let isOpen = false;
  const gone = (packets: readonly Packet[]): readonly Packet[] => {
    for (const { data } of packets) bytes -= data.length;
    return packets;
  };
  return {
    /** Resolves when there is room for more. */
    take: async (packets: readonly Packet[]): Promise<void> => {
      for (const packet of packets) {
        waiting.push(packet, performance.now());
        arrived.set(packet.point, (arrived.get(packet.point) ?? 0) + 1);
        bytes += packet.data.length;
      }
      while (bytes > MOST_WAITING && !isOpen) await sleep(TURN);
    },
    waited: () => gone(waiting.take(performance.now())),
    rest: () => gone(waiting.rest()),
    arrived: (point: number): number => arrived.get(point) ?? 0,
    /** From now on there is always room: what is under way has to come in. */
    open: (): void => void (isOpen = true),
  };
};

type Starts = { readonly started: readonly Intake[]; readonly failed: readonly XhostError[] };

const startAll = async (
  points: readonly Point[],
  begin: (point: Point, index: number) => Promise<Intake>,
): Promise<Starts> => {
  const all = await Promise.allSettled(points.map(begin));
  const failed = all.flatMap((each): unknown[] => (each.status === "rejected" ? [each.reason] : []));
  return {
    started: all.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])),
    failed: failed.map(expected),
  };
};

/** Of all points, or all that goes wrong as one error. */
const headsOf = async (started: readonly Intake[], failed: readonly XhostError[]) => {
  const all = await Promise.allSettled(started.map(async ({ point, ready }) => ({ point, head: await ready })));
  const errors = [...failed, ...all.flatMap((each) => (each.status === "rejected" ? [expected(each.reason)] : []))];
  if (errors.length > 0) throw combined(onceEach(errors));
  return all.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
};

/** The filter is the same everywhere, and so is what tcpdump says against it: the first one says it for all. */
const onceEach = (errors: readonly XhostError[]): readonly XhostError[] => {
  const said = new Set<string>();
  return errors.filter(({ code, message }) => {
    const words = code === "INVENTORY" ? message.replace(/^.*?: tcpdump: /, "") : message;
    return !said.has(words) && said.add(words);
  });
};

const expected = (error: unknown): XhostError => {
  if (error instanceof XhostError) return error;
  throw error;
};

/** Until a limit, the signal, or every point has ended; `turn` says when there is enough. */
const untilEnd = async (
  intakes: readonly Intake[],
  turn: () => Promise<boolean>,
  { seconds, signal }: Pick<Options, "seconds" | "signal">,
): Promise<void> => {
  let running = intakes.length;
  for (const { done } of intakes) void done.then(() => (running -= 1));
  const deadline = seconds === undefined ? Infinity : performance.now() + seconds * 1000;
  while (!signal.aborted && running > 0 && performance.now() < deadline) {
    if (await turn()) return;
    await sleep(Math.max(0, Math.min(TURN, deadline - performance.now())));
  }
};

/** Tells all to end and waits for that; what does not end is cut off. May be called again. */
const endAll = async (intakes: readonly Intake[]): Promise<readonly Done[]> => {
  for (const { end } of intakes) end();
  const patience = setTimeout(() => intakes.forEach(({ cut }) => cut()), GRACE);
  try {
    return await Promise.all(intakes.map(({ done }) => done));
  } finally {
    clearTimeout(patience);
  }
};

const tallyOf = (
  point: Point,
  packets: number,
  { arrived, done }: { readonly arrived: number; readonly done: Done | undefined },
): Tally => {
  const { captured = arrived, dropped = 0 } = done?.counts ?? {};
  return { point, packets, dropped, lost: Math.max(0, captured - arrived) };
};
