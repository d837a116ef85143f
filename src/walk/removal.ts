import { quote } from "shlex";
import { ruleComment } from "../model/names.ts";
import { printable } from "../model/printable.ts";
import { acceptCommand, isNarrow, passingOf, type Passing } from "./accept.ts";
import type { Decider, Hop } from "./hop.ts";
import { tokens } from "./rule.ts";

/** What the command may know beyond the hop. */
type Beyond = {
  /** The fabric's subnets: a firewall is opened between two of them, not for one packet. */
  readonly subnets?: readonly string[];
  /** What is to pass, instead of taking anything away. */
  readonly passing?: Passing;
};

/**
 * The command that lets the packet pass at a hop, for the hop's host: takes away what is about the fabric alone, and else accepts the packet
 * right before it. Undefined where there is nothing that may be taken away: a way is missing or is the host's own (its default route, its
 * addresses and their networks), a rule is Docker's, or it lies outside of the hosts. What a host has said stands in it as single words of the shell.
 */
export const removal = (hop: Hop, beyond: Beyond = {}): string | undefined => {
  const said = commandFor(hop, beyond);
  const command = said && printable(said);
  if (command === undefined || hop.container === undefined) return command;
  const enter = `nsenter -t "$(docker inspect -f '{{.State.Pid}}' ${quote(hop.container.slice(0, 12))})" -n`;
  // A redirection would be the host's shell's.
  return hop.decides.kind === "sysctl" ? `${enter} sh -c ${quote(command)}` : `${enter} ${command}`;
};

type Of<K extends Decider["kind"]> = Extract<Decider, { kind: K }>;

const words = (...all: readonly string[]): string => all.map(quote).join(" ");

const commandFor = (hop: Hop, beyond: Beyond): string | undefined => {
  const { decides, why } = hop;
  switch (decides.kind) {
    case "rule":
    case "policy":
    case "nft":
      return firewallCommand(hop, decides, beyond);
    case "route":
      return routeCommand(decides);
    case "ip rule":
      return ruleCommand(decides);
    case "sysctl":
      return sysctlCommand(decides, why);
    case "device":
      return why.endsWith("is switched off") ? words("ip", "link", "set", "dev", decides.name, "up") : undefined;
    case "neighbour":
      return words("ip", "neigh", "del", decides.text.split(" ")[0] ?? "", "dev", decides.device);
    case "tap":
    case "fdb":
    case "peer":
    case "network":
      return undefined;
  }
};

const firewallCommand = (hop: Hop, decides: Of<"rule" | "policy" | "nft">, beyond: Beyond): string | undefined => {
  const { packet } = hop;
  if (beyond.passing !== undefined) return acceptCommand(decides, beyond.passing);
  if (isDockers(decides)) return undefined;
  // Whoever hides addresses does it toward the outside too.
  if (!isNarrow(hop) || hop.becomes !== undefined)
    return packet && acceptCommand(decides, passingOf(packet, beyond.subnets ?? []));
  if (decides.kind === "rule")
    return words(decides.tool, "-t", decides.table, "-D", decides.chain, ...tokens(decides.text).map(unmarked));
  if (decides.kind === "policy" || decides.handle === undefined) return undefined;
  return words(
    ...["nft", "delete", "rule", decides.family, decides.table, decides.chain],
    ...["handle", String(decides.handle)],
  );
};

const unmarked = (token: string): string => token.replace(/^"/, "");

/** Without `via` and `proto` it is the kernel's, for an address of the device (see routeText). */
const routeCommand = ({ table, text }: Of<"route">): string | undefined => {
  const isConnected = /^[\d.]+(\/\d+)? dev /.test(text) && !text.includes(" proto ");
  if (table === "local" || isConnected || /^(none|default|local|broadcast|anycast|multicast)( |$)/.test(text))
    return undefined;
  return words("ip", "route", "del", ...text.replace(/ mtu \d+$/, "").split(" "), "table", table);
};

/** Priorities are no names: several rules may have the same (ip-rule(8)). */
const ruleCommand = ({ priority, text }: Of<"ip rule">): string =>
  words("ip", "rule", "del", "priority", String(priority), ...text.replace(/ action .*/, "").split(" "));

/** By its file: the name of a VLAN's device has a dot in it, which is a folder to sysctl(8). */
const sysctlCommand = (decides: Of<"sysctl">, why: string): string => {
  const [, device, leaf] = /^net\.ipv4\.conf\.(.+)\.(\w+)$/.exec(decides.key) ?? [];
  const value = sysctlValue(decides, why);
  return device === undefined || leaf === undefined
    ? words("sysctl", "-w", `${decides.key}=${value}`)
    : `echo ${value} > ${quote(`/proc/sys/net/ipv4/conf/${device}/${leaf}`)}`;
};

/** A loose filter (2) still asks for some way back, and by the device itself where that has no address: then only no filter helps. */
const sysctlValue = ({ key }: Of<"sysctl">, why: string): number =>
  key.endsWith(".forwarding") ? 1 : why.startsWith("there is no route back") || why.endsWith(" loose mode too") ? 0 : 2;

/** Whether what decides is something that xhost made for that project. */
export const isOurs = ({ decides }: Hop, project: string): boolean =>
  decides.kind === "rule" && new RegExp(`--comment "?${ruleComment(project)}"?( |$)`).test(decides.text);

/**
 * Docker's chains, and what it puts into raw PREROUTING and nat POSTROUTING: `-d ADDRESS/32 ! -i BRIDGE -j DROP`,
 * `-s SUBNET ! -o BRIDGE -j MASQUERADE` (moby, iptabler/endpoint.go and network.go).
 */
export const isDockers = (decides: Decider): boolean => {
  if (decides.kind !== "rule") return false;
  const { table, chain, text } = decides;
  if (chain.startsWith("DOCKER")) return chain !== "DOCKER-USER";
  return table === "raw"
    ? /^-d [\d.]+\/32 ! -i \S+ -j DROP$/.test(text)
    : table === "nat" && /^-s [\d./]+ ! -o \S+ -j MASQUERADE$/.test(text);
};
