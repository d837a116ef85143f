import { quote } from "../ssh/quote.ts";
import type { Point } from "./point.ts";

/** Kibibytes of the kernel's buffer for packets that tcpdump has not read yet; its own 2 MiB are gone in 20 ms at a gigabit. */
const BUFFER = 16_384;

/**
 * Writes a pcap stream to standard output until SIGTERM; `snap` bytes of each packet, 0 for all. Packets are handed on at once
 * (--immediate-mode, -U): others wait for them. Only the bridge is made promiscuous, because what it switches from container to container does
 * not come up to its device otherwise; everywhere else that changes nothing of use. The SSH session itself (`$1` is sshd's
 * SSH_CONNECTION: client, port, server, port) is never part of it.
 */
export const captureScript = ({ pid, netns, device, kind, filter }: Point, snap: number): string => {
  const options = ["--immediate-mode", "-n", "-U", ...(kind === "bridge" ? [] : ["-p"]), "-B", String(BUFFER)];
  const words = [
    ...(pid === undefined ? [] : ["nsenter", "-t", String(pid), "-n"]),
    ...(netns === undefined ? [] : ["nsenter", `--net=/run/netns/${netns}`]),
    ...["tcpdump", "-i", device, ...options, "-s", String(snap)],
    ...["--time-stamp-precision=nano", "-w", "-"],
  ];
  return [
    `filter=${quote(filter)}`,
    `set -- $1`,
    `[ $# -ne 4 ] || filter="\${filter:+($filter) and }not (tcp port $2 and tcp port $4 and host $1)"`,
    `exec ${words.map(quote).join(" ")} "$filter"`,
  ].join("\n");
};

/** What tcpdump says at its end; undefined what it does not say. */
export type TcpdumpCounts = {
  /** Packets that it wrote. */
  readonly captured: number | undefined;
  /** Packets that the filter let through, as far as the kernel counts them. */
  readonly received: number | undefined;
  /** Packets for which there was no room in the kernel's buffer. */
  readonly dropped: number | undefined;
};

/** Reads the lines `12 packets captured`, `12 packets received by filter`, `0 packets dropped by kernel` of tcpdump(1). */
export const tcpdumpCounts = (stderr: string): TcpdumpCounts => {
  const count = (what: string): number | undefined => {
    const found = new RegExp(`^(\\d+) packets? ${what}`, "m").exec(stderr)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  return {
    captured: count("captured"),
    received: count("received by filter"),
    dropped: count("dropped by kernel"),
  };
};

/** Why it failed: its own last words, without the greeting and the counts. */
export const tcpdumpTrouble = (stderr: string): string =>
  stderr
    .split("\n")
    .map((line) => line.replace(/^(tcpdump|nsenter): /, "").trim())
    .filter((line) => line !== "" && !/^(listening on|data link type|dropped privs to|\d+ packets? )/.test(line))
    .join("; ");

/** Whether that is about the expression, which libpcap's compiler refuses in many words. */
export const isFilterTrouble = (stderr: string): boolean =>
  /filter expression|syntax error|expression rejects|unknown (host|network|port|protocol|ether)|aid supported only|illegal|invalid.*(expression|qualifier)/i.test(
    stderr,
  );
