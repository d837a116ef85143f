/** A packet on its way, as far as rules and routes look at it. */
export type Packet = {
  readonly source: string;
  readonly destination: string;
  /** Protocol by its number: 1 ICMP, 4 IPIP, 6 TCP, 17 UDP. */
  readonly protocol: number;
  /** Undefined where nobody can know it: what a tunnel picks for itself. */
  readonly sourcePort: number | undefined;
  readonly port: number | undefined;
  /** Of ICMP: 8 a request, 0 its answer. */
  readonly icmpType: number | undefined;
  /** Of TCP: SYN for the first packet of a connection, SYN and ACK for its answer. */
  readonly flags: readonly string[];
  /** Bytes of the whole IP packet. */
  readonly size: number;
  /** Whether it must not be fragmented. */
  readonly whole: boolean;
  /** Whether it answers one that went the other way: connection tracking knows it where it saw that one. */
  readonly isReply: boolean;
  readonly mark: number;
  readonly isTracked: boolean;
  /** Which of its connection's addresses or ports this network namespace has changed (`ct status`, `--ctstate`). */
  readonly nat: readonly ("dnat" | "snat")[];
};

/** What is said of a packet, as far as it differs between two of them. */
export type Probing = {
  readonly source: string;
  readonly destination: string;
  /** Of a TCP connection's first packet; undefined for an echo request. */
  readonly port?: number | undefined;
  /** Bytes. */
  readonly size?: number | undefined;
};

/** An echo request or the first packet of a TCP connection; neither may be fragmented. */
export const request = ({ source, destination, port, size = 84 }: Probing): Packet => ({
  source,
  destination,
  protocol: port === undefined ? 1 : 6,
  sourcePort: undefined,
  port,
  icmpType: port === undefined ? 8 : undefined,
  flags: port === undefined ? [] : ["SYN"],
  size,
  whole: true,
  isReply: false,
  mark: 0,
  isTracked: true,
  nat: [],
});

/** What answers the packet where it arrives; an answer to TCP's first packet is short, whatever came. */
export const answerTo = (packet: Packet): Packet => ({
  ...packet,
  source: packet.destination,
  destination: packet.source,
  sourcePort: packet.port,
  port: packet.sourcePort,
  icmpType: packet.icmpType === undefined ? undefined : 0,
  flags: packet.flags.length === 0 ? [] : ["SYN", "ACK"],
  isReply: true,
  mark: 0,
  isTracked: true,
  nat: [],
});

/** `conntrack -m --ctstate` of it, by the kernel's names. */
export const stateOf = ({ isTracked, isReply }: Packet): "UNTRACKED" | "ESTABLISHED" | "NEW" =>
  isTracked ? (isReply ? "ESTABLISHED" : "NEW") : "UNTRACKED";

/** `172.30.1.2 to 172.30.2.2, ICMP, 84 bytes`. */
export const packetText = ({ source, destination, protocol, port, size }: Packet): string => {
  const name = { 1: "ICMP", 4: "IPIP", 6: "TCP", 17: "UDP" }[protocol] ?? `protocol ${protocol}`;
  return `${source} to ${destination}, ${name}${port === undefined ? "" : ` ${port}`}, ${size} bytes`;
};
