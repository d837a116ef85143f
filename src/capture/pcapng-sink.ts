import { interfaceBlock, packetBlock, sectionBlock, statisticsBlock } from "./pcapng.ts";
import type { LivePoint, Sink } from "./sink.ts";

/** Where bytes go: rejects with code EPIPE once nobody reads any more. */
export type WriteBytes = (bytes: Buffer) => Promise<void>;

const KINDS: Readonly<Record<LivePoint["kind"], string>> = {
  container: "inside the container's network namespace",
  bridge: "bridge of the container's network",
  tunnel: "tunnel to the other hosts, packets before or after their outer header",
  nic: "network interface toward the other hosts",
};

/** Writes a pcapng file as packets come: an interface block for each point, and how many packets were dropped there at the end. */
export const pcapngSink = (write: WriteBytes, application: string): Sink => ({
  begin: (points) =>
    write(
      Buffer.concat([
        sectionBlock({ application, comment: clocks(points) }),
        ...points.map(({ name, kind, filter, head, clock, host }) =>
          interfaceBlock({
            ...head,
            name,
            description: KINDS[kind],
            filter,
            comment: `${name}; ${host}: ${clock}`,
          }),
        ),
      ]),
    ),
  write: (packets) => write(Buffer.concat(packets.map(packetBlock))),
  end: (tallies, period) =>
    write(
      Buffer.concat(
        tallies.map(({ packets, dropped, lost }, point) =>
          statisticsBlock({ ...period, point, accepted: packets + dropped + lost, dropped, delivered: packets }),
        ),
      ),
    ),
});

/** A line for each host. */
const clocks = (points: readonly LivePoint[]): string =>
  [
    "times are those of the machine that captured",
    ...new Map(points.map(({ host, clock }) => [host, `${host}: ${clock}`])).values(),
  ].join("\n");
