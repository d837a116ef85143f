import { XhostError } from "../errors.ts";
import type { ByteStream, Host } from "../ssh/host.ts";
import { pcapReader, type PcapHead, type PcapRecord } from "./pcap.ts";
import type { Point } from "./point.ts";
import { captureScript, isFilterTrouble, tcpdumpCounts, tcpdumpTrouble, type TcpdumpCounts } from "./tcpdump.ts";

/** One tcpdump at a point, from its first byte to its last word. */
export type Intake = {
  readonly point: Point;
  /** Resolves when packets are being taken. */
  readonly ready: Promise<PcapHead>;
  /** Resolves when all has come, with what tcpdump counted, and why it ended where it was not told to. */
  readonly done: Promise<Done>;
  readonly end: () => void;
  /** Gives up a tcpdump that has not ended, which `done` then tells. */
  readonly cut: () => void;
};

export type Done = { readonly counts: TcpdumpCounts; readonly trouble: XhostError | undefined };

type Options = {
  readonly host: Pick<Host, "name" | "stream">;
  readonly snap: number;
  /** Takes packets as they come; the stream waits for it. */
  readonly take: (records: readonly PcapRecord[]) => Promise<void>;
};

/** Starts it. What goes wrong before `ready` rejects that; later it is told in `done`, with the packets that came before. */
export const intake = async (point: Point, { host, snap, take }: Options): Promise<Intake> => {
  const what = `capture at ${point.name}`;
  const stream = await host.stream(captureScript(point, snap), what);
  const ready = Promise.withResolvers<PcapHead>();
  let isTold = false;
  let isCut = false;
  const done = read(stream, { ready: ready.resolve, take })
    .then(
      (stderr) => {
        const said = tcpdumpTrouble(stderr);
        const early = new XhostError(isFilterTrouble(stderr) ? "INVENTORY" : "REMOTE", `${what}: tcpdump: ${said}`, {
          host: host.name,
        });
        const silent = new XhostError("UNREACHABLE", `${what}: the host does not answer any more`, { host: host.name });
        ready.reject(isCut ? silent : early);
        return { counts: tcpdumpCounts(stderr), trouble: isCut ? silent : isTold ? undefined : early };
      },
      (error: unknown) => {
        if (!(error instanceof XhostError)) throw error;
        ready.reject(error);
        return { counts: tcpdumpCounts(""), trouble: error };
      },
    )
    .finally(stream.cut);
  done.catch((error: unknown) => ready.reject(error));
  ready.promise.catch(() => undefined);
  const end = (): void => {
    isTold = true;
    stream.end();
  };
  const cut = (): void => {
    isCut = true;
    stream.cut();
  };
  return { point, ready: ready.promise, done, end, cut };
};

/** Reads to the end and returns stderr. */
const read = async (
  { bytes, ended }: ByteStream,
  { ready, take }: { readonly ready: (head: PcapHead) => void; readonly take: Options["take"] },
): Promise<string> => {
  const reader = pcapReader();
  for await (const piece of bytes) {
    const { head, records } = reader(piece);
    if (head !== undefined) ready(head);
    if (records.length > 0) await take(records);
  }
  return (await ended).stderr;
};
