import { packetText, type TunnelPorts } from "./packet-text.ts";
import type { LivePoint, Packet, Sink } from "./sink.ts";

/** Writes a line for each packet: time, point, what it is, bytes on the wire. */
export const lineSink = (write: (text: string) => Promise<void>, ports: TunnelPorts): Sink => {
  let points: readonly LivePoint[] = [];
  let width = 0;
  const line = ({ point, time, length, data }: Packet): string => {
    const { name, head } = points[point] ?? {};
    const what = packetText(head?.linkType ?? 1, data, ports);
    return `${clockTime(time)}  ${(name ?? "").padEnd(width)}  ${what}, ${length} bytes\n`;
  };
  return {
    begin: (all) => {
      points = all;
      width = Math.max(...all.map(({ name }) => name.length));
      return Promise.resolve();
    },
    write: (packets) => write(packets.map(line).join("")),
    end: () => Promise.resolve(),
  };
};

/** Time of the day here, to the microsecond, as tcpdump has it. */
const clockTime = (time: bigint): string => {
  const micro = time / 1000n;
  const at = new Date(Number(micro / 1000n));
  const two = (value: number): string => String(value).padStart(2, "0");
  const fraction = String(micro % 1_000_000n).padStart(6, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${fraction}`;
};
