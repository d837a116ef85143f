import { contains, parseCidr, parseIp } from "../cidr.ts";
import { stateOf, type Packet } from "./packet.ts";
import type { Match } from "./rule.ts";

/** Where a packet is when rules are asked about it. */
export type Moment = {
  readonly packet: Packet;
  readonly incoming: string | undefined;
  readonly outgoing: string | undefined;
  /** Type of an address to this network namespace: LOCAL, UNICAST, BROADCAST and so on. */
  readonly typeOf: (address: string) => string;
};

/** `undefined`: nobody can tell from what was read. */
export type Judged = boolean | undefined;

/** Whether the packet meets all matches; one that it does not meet settles it, whatever is unknown of the others. */
export const meetsAll = (matches: readonly Match[], moment: Moment): Judged =>
  all(matches.map((match) => negated(match.not, meets(match, moment))));

export const all = (judged: readonly Judged[]): Judged =>
  judged.includes(false) ? false : judged.includes(undefined) ? undefined : true;

export const negated = (not: boolean, judged: Judged): Judged => (judged === undefined ? undefined : judged !== not);

type Judge = (words: readonly string[], moment: Moment, module: string) => Judged;

const meets = ({ option, words, module }: Match, moment: Moment): Judged => JUDGES.get(option)?.(words, moment, module);

/** Whether an address is in `10.0.0.0/8` or the one address `10.0.0.1`. */
export const isIn = (range: string, address: string): Judged => {
  const cidr = parseCidr(range.includes("/") ? range : `${range}/32`);
  const ip = parseIp(address);
  return cidr === undefined || ip === undefined ? undefined : contains(cidr, ip);
};

/** A plus at the end stands for anything (iptables(8)). */
const isDevice = (pattern: string, device: string | undefined): boolean =>
  pattern.endsWith("+") ? (device ?? "").startsWith(pattern.slice(0, -1)) : device === pattern;

/** Names that iptables-save prints where /etc/protocols has them. */
const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipencap: 4,
  ipip: 4,
  "ip-encap": 4,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  gre: 47,
  esp: 50,
  ah: 51,
  "ipv6-icmp": 58,
  ospf: 89,
  sctp: 132,
  udplite: 136,
};

/** Number of a protocol by its name or number; undefined for a name that is not known here. */
export const protocolNumber = (word: string): number | undefined =>
  /^\d+$/.test(word) ? Number(word) : PROTOCOLS[word.toLowerCase()];

const isProtocol: Judge = ([word = ""], { packet }) => {
  const number = word === "all" ? 0 : protocolNumber(word);
  return number === undefined ? undefined : number === 0 || number === packet.protocol;
};

/** `80`, `80:90` or `80,90:99`. */
const isPort = (words: string, port: number | undefined, { protocol }: Packet): Judged => {
  if (protocol !== 6 && protocol !== 17) return false;
  if (port === undefined) return undefined;
  return words.split(",").some((word) => {
    const [from = "", to = from] = word.split(":");
    return port >= Number(from || 0) && port <= Number(to || 65_535);
  });
};

const either = (a: Judged, b: Judged): Judged =>
  a === true || b === true ? true : a === false && b === false ? false : undefined;

const isState: Judge = ([states = ""], { packet }) => states.split(",").some((state) => isInState(state, packet));

/** DNAT and SNAT are states of their own, beside the others (iptables-extensions(8)). */
const isInState = (state: string, packet: Packet): boolean =>
  state === stateOf(packet) || (packet.isTracked && packet.nat.some((kind) => kind.toUpperCase() === state));

const isMark = (words: string, mark: number): Judged => {
  const [value = 0, mask = 0xffffffff] = words.split("/").map(Number);
  return (mark & mask) >>> 0 === value;
};

/** Numbers and the names that iptables-save prints (iptables -p icmp -h). */
const ICMP: Readonly<Record<string, number>> = { any: 255, "echo-request": 8, "echo-reply": 0 };

const isIcmpType: Judge = ([word = ""], { packet }) => {
  const type = ICMP[word] ?? Number(word.split("/")[0]);
  return Number.isNaN(type) ? undefined : type === 255 || type === packet.icmpType;
};

const isRange = (words: string, address: string): Judged => {
  const [from, to] = words.split("-").map(parseIp);
  const ip = parseIp(address);
  return from === undefined || to === undefined || ip === undefined ? undefined : ip >= from && ip <= to;
};

const hasFlags: Judge = ([mask = "", set = ""], { packet }) => {
  if (packet.protocol !== 6) return false;
  const asked = mask === "ALL" ? ["FIN", "SYN", "RST", "PSH", "ACK", "URG"] : mask.split(",");
  const wanted = set === "NONE" ? [] : set.split(",");
  return asked.every((flag) => packet.flags.includes(flag) === wanted.includes(flag));
};

const isLength: Judge = ([words = ""], { packet }) => {
  const [from = "0", to = from] = words.split(":");
  return packet.size >= Number(from) && packet.size <= Number(to || 65_535);
};

/** By option; one that is not here cannot be judged. */
const JUDGES: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ["-s", ([range = ""], { packet }) => isIn(range, packet.source)],
  ["-d", ([range = ""], { packet }) => isIn(range, packet.destination)],
  ["-i", ([pattern = ""], { incoming }) => isDevice(pattern, incoming)],
  ["-o", ([pattern = ""], { outgoing }) => isDevice(pattern, outgoing)],
  ["-p", isProtocol],
  ["-f", () => false],
  ["--sport", ([words = ""], { packet }) => isPort(words, packet.sourcePort, packet)],
  ["--dport", ([words = ""], { packet }) => isPort(words, packet.port, packet)],
  ["--sports", ([words = ""], { packet }) => isPort(words, packet.sourcePort, packet)],
  ["--dports", ([words = ""], { packet }) => isPort(words, packet.port, packet)],
  ["--ports", ([w = ""], { packet: p }) => either(isPort(w, p.sourcePort, p), isPort(w, p.port, p))],
  ["--ctstate", isState],
  ["--state", isState],
  ["--icmp-type", isIcmpType],
  ["--tcp-flags", hasFlags],
  ["--syn", (_, moment) => hasFlags(["FIN,SYN,RST,ACK", "SYN"], moment, "tcp")],
  ["--mark", ([words = ""], { packet }, module) => (module === "mark" ? isMark(words, packet.mark) : undefined)],
  ["--src-type", ([words = ""], { packet, typeOf }) => words.split(",").includes(typeOf(packet.source))],
  ["--dst-type", ([words = ""], { packet, typeOf }) => words.split(",").includes(typeOf(packet.destination))],
  ["--src-range", ([words = ""], { packet }) => isRange(words, packet.source)],
  ["--dst-range", ([words = ""], { packet }) => isRange(words, packet.destination)],
  ["--length", isLength],
  ["--comment", () => true],
]);
