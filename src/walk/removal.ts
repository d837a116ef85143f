import { ruleComment } from "../model/names.ts";
import type { Decider, Hop } from "./hop.ts";

/**
 * The command that takes away what drops the packet at a hop, for the hop's host; undefined where there is nothing to take away: a way is
 * missing, or lies outside of the hosts.
 */
export const removal = (hop: Hop): string | undefined => {
  const command = commandFor(hop.decides, hop.why);
  if (command === undefined || hop.container === undefined) return command;
  return `nsenter -t "$(docker inspect -f '{{.State.Pid}}' ${hop.container.slice(0, 12)})" -n ${command}`;
};

type Of<K extends Decider["kind"]> = Extract<Decider, { kind: K }>;

const commandFor = (decides: Decider, why: string): string | undefined => {
  switch (decides.kind) {
    case "rule":
      return `${decides.tool} -t ${decides.table} -D ${decides.chain} ${decides.text}`;
    case "policy":
      return `${decides.tool} -t ${decides.table} -P ${decides.chain} ACCEPT`;
    case "nft":
      return nftCommand(decides);
    case "route":
      return routeCommand(decides);
    case "ip rule":
      return `ip rule del priority ${decides.priority}`;
    case "sysctl":
      return `sysctl -w ${decides.key}=${sysctlValue(decides, why)}`;
    case "device":
      return why.endsWith("is switched off") ? `ip link set ${decides.name} up` : undefined;
    case "neighbour":
      return `ip neigh del ${decides.text.split(" ")[0] ?? ""} dev ${decides.device}`;
    case "tap":
    case "fdb":
    case "peer":
    case "network":
      return undefined;
  }
};

const nftCommand = ({ family, table, chain, handle }: Of<"nft">): string =>
  handle === undefined
    ? `nft 'chain ${family} ${table} ${chain} { policy accept; }'`
    : `nft delete rule ${family} ${table} ${chain} handle ${handle}`;

const routeCommand = ({ table, text }: Of<"route">): string | undefined =>
  text.startsWith("none ") ? undefined : `ip route del ${text.replace(/ mtu \d+$/, "")} table ${table}`;

/** A loose filter (2) still asks for some way back; where there is none, only no filter helps. */
const sysctlValue = ({ key }: Of<"sysctl">, why: string): number =>
  key.endsWith(".forwarding") ? 1 : why.startsWith("there is no route back") ? 0 : 2;

/** Whether what decides is something that xhost made for that project. */
export const isOurs = ({ decides }: Hop, project: string): boolean =>
  decides.kind === "rule" && new RegExp(`--comment "?${ruleComment(project)}"?( |$)`).test(decides.text);
