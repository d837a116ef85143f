import { quote } from "shlex";
import { cidrOf, contains, parseIp } from "../cidr.ts";
import type { Fabric } from "../model/fabric.ts";
import type { Decider, Hop } from "./hop.ts";
import type { Packet } from "./packet.ts";
import { parseRule } from "./rule.ts";

type Of<K extends Decider["kind"]> = Extract<Decider, { kind: K }>;
type Firewall = Of<"rule" | "policy" | "nft">;

/** What is to pass: addresses or networks, and the protocol where it is one machine's own packet. */
export type Passing = {
  readonly from: string;
  readonly to: string;
  readonly protocol?: "icmp" | "tcp" | "udp" | "4" | undefined;
  readonly port?: number | undefined;
  /** `echo-request` or `echo-reply`. */
  readonly icmp?: string | undefined;
};

/**
 * Whether a rule is about little enough to be taken away whole: a network of /16 or less, a device of xhost's, or for a tunnel's packet one
 * port. What others have to say is what the host's owner wants of all the rest.
 */
export const isNarrow = ({ decides, isOuter }: Pick<Hop, "decides" | "isOuter">): boolean => {
  if (decides.kind === "nft") return decides.handle !== undefined && isNarrowNft(decides.text);
  if (decides.kind !== "rule") return false;
  return parseRule(decides.text).matches.some(({ not, option, words: [word = ""] }) => {
    if (not) return false;
    if (option === "-s" || option === "-d") return isSmall(word);
    if (option === "-i" || option === "-o") return word.startsWith("xh-");
    return isOuter && option === "--dport" && /^\d+$/.test(word);
  });
};

const isSmall = (network: string): boolean => Number(network.split("/")[1] ?? 32) >= 16;

const isNarrowNft = (text: string): boolean =>
  /\b[io]if(name)? "?xh-/.test(text) ||
  [...text.matchAll(/\bip [sd]addr ([\d.]+(?:\/\d+)?)/g)].some(([, network = ""]) => isSmall(network));

/** What a packet needs: between the fabric's subnets it is in, else between its own addresses with its protocol. */
export const passingOf = (packet: Packet, subnets: readonly string[]): Passing => {
  const netOf = (address: string): string | undefined =>
    subnets.find((subnet) => contains(cidrOf(subnet), parseIp(address) ?? -1));
  const [from, to] = [netOf(packet.source), netOf(packet.destination)];
  if (from !== undefined && to !== undefined) return { from, to };
  const protocol = ({ 1: "icmp", 4: "4", 6: "tcp", 17: "udp" } as const)[packet.protocol];
  const icmp = packet.icmpType === 8 ? "echo-request" : packet.icmpType === 0 ? "echo-reply" : undefined;
  return { from: packet.source, to: packet.destination, protocol, port: packet.port, icmp };
};

/** Lets that pass, right before what drops it; everything else goes the way it went. */
export const acceptCommand = (decides: Firewall, passing: Passing): string => {
  const words = decides.kind === "nft" ? nftWords(decides, passing) : iptablesWords(decides, passing);
  return words.map(quote).join(" ");
};

const iptablesWords = (
  decides: Of<"rule" | "policy">,
  { from, to, protocol, port, icmp }: Passing,
): readonly string[] => [
  ...[decides.tool, "-t", decides.table],
  ...(decides.kind === "rule" ? ["-I", decides.chain, String(decides.number)] : ["-A", decides.chain]),
  ...["-s", from, "-d", to],
  ...(protocol === undefined ? [] : ["-p", protocol]),
  ...(port === undefined ? [] : ["--dport", String(port)]),
  ...(icmp === undefined ? [] : ["--icmp-type", icmp]),
  ...["-j", "ACCEPT"],
];

const nftWords = (
  { family, table, chain, handle }: Of<"nft">,
  { from, to, protocol, port, icmp }: Passing,
): readonly string[] => [
  ...["nft", handle === undefined ? "add" : "insert", "rule", family, table, chain],
  ...(handle === undefined ? [] : ["handle", String(handle)]),
  ...["ip", "saddr", from, "ip", "daddr", to],
  ...(icmp !== undefined
    ? ["icmp", "type", icmp]
    : protocol !== undefined && port !== undefined
      ? [protocol, "dport", String(port)]
      : protocol !== undefined
        ? ["ip", "protocol", protocol]
        : []),
  "accept",
];

/** Of all networks on all hosts. */
export const allSubnets = ({ subnets }: Pick<Fabric, "subnets">): readonly string[] =>
  [...subnets.values()].flatMap((byHost) => [...byHost.values()].flat());
