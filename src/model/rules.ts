import { cidrOf, overlaps } from "../cidr.ts";

/**
 * Whether a rule that stands before our jump may decide otherwise about packets that our chain is for. Other projects' jumps may not;
 * neither may a rule for sources, destinations, devices, protocols or ports that none of ours meets, such as the MASQUERADE that Docker puts at
 * the head of POSTROUTING for each network it makes, nor one that accepts what ours would accept, nor one for what belongs to no
 * connection (INVALID): ours are for packets that begin one or belong to one.
 */
export const comesFirst = (rule: string, own: readonly string[]): boolean => {
  if (/ -j XHOST-[a-z0-9-]+([.]i)?$/.test(rule)) return false;
  if (isAccepting(rule) && own.length > 0 && own.every(isAccepting)) return false;
  if (/--ctstate INVALID( |$)/.test(rule) && !rule.includes("! --ctstate")) return false;
  const met = own.filter((mine) => !isOtherService(rule, mine));
  if (own.length > 0 && met.length === 0) return false;
  if (isElsewhere("-s", rule, met) || isElsewhere("-d", rule, met)) return false;
  return !isOnOthers("-i", rule, met) && !isOnOthers("-o", rule, met);
};

const isAccepting = (rule: string): boolean => / -j ACCEPT$|^-j ACCEPT$/.test(rule);

/** Whether two rules are for other protocols, or for other destination ports of one. */
const isOtherService = (rule: string, mine: string): boolean => {
  const [its, ours] = [protocolOf(rule), protocolOf(mine)];
  if (its === undefined || ours === undefined) return false;
  if (its !== ours) return true;
  const [range, port] = [portsOf(rule), portsOf(mine)];
  return range !== undefined && port !== undefined && (port[1] < range[0] || port[0] > range[1]);
};

/** Undefined for all of them, and where it is negated. */
const protocolOf = (rule: string): string | undefined => {
  const name = /(?:^|[^!] |^ )-p (\S+)/.exec(rule)?.[1];
  return name === "all" ? undefined : name;
};

const portsOf = (rule: string): readonly [number, number] | undefined => {
  const [, first, last = first] = /(?:[^!]) --dport (\d+)(?::(\d+))?/.exec(rule) ?? [];
  return first === undefined ? undefined : [Number(first), Number(last)];
};

const isElsewhere = (flag: "-s" | "-d", rule: string, own: readonly string[]): boolean => {
  const range = rangeOf(flag, rule);
  if (range === undefined || own.length === 0) return false;
  return own.every((mine) => {
    const other = rangeOf(flag, mine);
    return other !== undefined && !overlaps(cidrOf(range), cidrOf(other));
  });
};

/** What iptables-save prints behind the flag; undefined where there is none or it is negated. */
const rangeOf = (flag: "-s" | "-d", rule: string): string | undefined =>
  new RegExp(`(?:^|[^!] |^ )${flag} (\\d+\\.\\d+\\.\\d+\\.\\d+/\\d+)`).exec(rule)?.[1];

/** Whether a rule is for a device that none of ours is for; a plus at the end stands for anything (iptables(8)). */
const isOnOthers = (flag: "-i" | "-o", rule: string, own: readonly string[]): boolean => {
  const device = deviceOf(flag, rule);
  if (device === undefined || own.length === 0) return false;
  return own.every((mine) => {
    const other = deviceOf(flag, mine);
    return other !== undefined && !(device.endsWith("+") ? other.startsWith(device.slice(0, -1)) : other === device);
  });
};

/** Undefined for all of them, and where it is negated. */
const deviceOf = (flag: "-i" | "-o", rule: string): string | undefined =>
  new RegExp(`(?:^|[^!] |^ )${flag} (\\S+)`).exec(rule)?.[1];
