import { cidrOf, overlaps } from "../cidr.ts";

/**
 * Whether a rule that stands before our jump may decide about packets that our chain is for. Other projects' jumps may not;
 * neither may a rule for sources or destinations that none of ours meets, such as the MASQUERADE that Docker puts at the
 * head of POSTROUTING for each network it makes.
 */
export const comesFirst = (rule: string, own: readonly string[]): boolean => {
  if (/ -j XHOST-[a-z0-9-]+([.]i)?$/.test(rule)) return false;
  return !isElsewhere("-s", rule, own) && !isElsewhere("-d", rule, own);
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
