// What is measured on a path, with programs of the hosts in the containers' network namespaces: no tool in the image.
import type { BenchLab, Candidate } from "./plane-candidates.ts";

/** One round on one path. */
export type Sample = {
  /** TCP, Gbit/s as received. */
  readonly throughput: number;
  /** UDP in frames of 64 bytes, thousands received per second. */
  readonly packets: number;
  /** Round trip of a ping at its fastest, microseconds: median, and what one of a hundred exceeds. */
  readonly median: number;
  readonly p99: number;
};

/** Bytes of UDP that make an Ethernet frame of 64, the smallest there is: 14 Ethernet, 20 IP, 8 UDP, 4 checksum. */
const PAYLOAD = 18;
const PINGS = 2000;

/** A server at the far end of each path; it goes with the lab. */
export const serve = async ({ on }: BenchLab, candidates: readonly Candidate[]): Promise<void> => {
  for (const { to } of candidates) await on("h2", `nsenter --net=${to} iperf3 --server --daemon`);
};

/** About three seconds. One run of a shell for all, since two processors have to do all the work of the path too. */
export const sample = async ({ on }: BenchLab, { from, address }: Candidate): Promise<Sample> => {
  const iperf = `timeout 20 nsenter --net=${from} iperf3 --client ${address} --json --time 1`;
  const [tcp = "", udp = "", ping = ""] = (
    await on(
      "h1",
      `${iperf}; echo ----; ${iperf} --udp --bitrate 0 --length ${PAYLOAD}; echo ----
       timeout 20 nsenter --net=${from} ping -n -i 0 -c ${PINGS} ${address}`,
    )
  ).split("----\n");
  const times = [...ping.matchAll(/time=([\d.]+) ms/g)].map(([, ms]) => Number(ms) * 1000).sort((a, b) => a - b);
  if (times.length < PINGS * 0.99) throw new Error(`${address}: ${times.length} of ${PINGS} pings were answered`);
  return {
    throughput: received(tcp) / 1e9,
    packets: received(udp) / (PAYLOAD * 8) / 1000,
    median: times[Math.floor(times.length / 2)] ?? Number.NaN,
    p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
  };
};

/** Bits per second. */
const received = (json: string): number => {
  const { end, error } = JSON.parse(json) as { end: { sum_received?: { bits_per_second: number } }; error?: string };
  if (end.sum_received === undefined) throw new Error(`iperf3: ${error ?? "said nothing of what was received"}`);
  return end.sum_received.bits_per_second;
};
