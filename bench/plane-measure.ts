// What is measured on a path, with programs of the hosts in the containers' network namespaces: no tool in the image.
import type { BenchLab, Candidate } from "./plane-candidates.ts";

/** One round of one path. */
export type Sample = {
  /** TCP, Gbit/s as received. */
  readonly throughput: number;
  /** UDP in the smallest frames, thousands received per second. */
  readonly packets: number;
  /** Pings one after the other, microseconds: the median, and what one of a hundred exceeds. */
  readonly roundTrip: number;
  readonly slowest: number;
};

/** Bytes of UDP in an Ethernet frame of 64, the smallest there is: 14 of Ethernet, 20 of IP, 8 of UDP, 4 of checksum around it. */
const PAYLOAD = 18;
const PINGS = 2000;

/** A server at the far end of each path; it goes with the lab. */
export const serve = async ({ on }: BenchLab, candidates: readonly Candidate[]): Promise<void> => {
  for (const { to } of candidates) await on("h2", `nsenter --net=${to} iperf3 --server --daemon`);
};

/** One sample of every path, in that order: each measure of all paths before the next measure, so that little time lies between them. */
export const round = async (
  { on }: BenchLab,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<string, Sample>> => {
  const each = async (command: (address: string) => string): Promise<readonly string[]> => {
    const lines = candidates.map(
      ({ from, address }) => `timeout 20 nsenter --net=${from} ${command(address)}; echo ====`,
    );
    return (await on("h1", lines.join("\n"))).split("====");
  };
  const tcp = await each((address) => `iperf3 --client ${address} --json --time 1`);
  const udp = await each(
    (address) => `iperf3 --client ${address} --json --time 1 --udp --bitrate 0 --length ${PAYLOAD}`,
  );
  const ping = await each((address) => `ping -n -A -c ${PINGS} ${address}`);
  return new Map(
    candidates.map(({ name }, i) => {
      const times = pingTimes(ping[i] ?? "");
      const sample = {
        throughput: received(tcp[i] ?? "") / 1e9,
        packets: received(udp[i] ?? "") / (8 * PAYLOAD) / 1e3,
        roundTrip: times[Math.floor(times.length / 2)] ?? Number.NaN,
        slowest: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
      };
      return [name, sample];
    }),
  );
};

/** Bits per second that the server got. */
const received = (json: string): number => {
  type Report = {
    readonly error?: string;
    readonly end: { readonly sum_received?: { readonly bits_per_second: number } };
  };
  const { end, error } = JSON.parse(json) as Report;
  if (end.sum_received === undefined) throw new Error(`iperf3: ${error ?? "no word of what was received"}`);
  return end.sum_received.bits_per_second;
};

/** Microseconds, sorted. */
const pingTimes = (output: string): readonly number[] => {
  const times = [...output.matchAll(/time=([\d.]+) ms/g)].map(([, ms]) => Number(ms) * 1000);
  if (times.length < 0.99 * PINGS) throw new Error(`only ${times.length} of ${PINGS} pings were answered\n${output}`);
  return times.sort((a, b) => a - b);
};
