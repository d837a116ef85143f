import { quote } from "shlex";
import { cidrOf, contains, parseCidr } from "../cidr.ts";
import type { PolicyRule, Space } from "../model/depth.ts";
import type { Fabric } from "../model/fabric.ts";
import { allSubnets } from "./accept.ts";
import { deciderText, type Hop } from "./hop.ts";
import { isIn } from "./judge-match.ts";
import { removal } from "./removal.ts";
import type { World } from "./world.ts";

/** What led a packet to a route of a table of its own, as `ip rule` words it, and the command against it for the hop's host. */
export type Diversion = { readonly rule: string; readonly command: string };

/** Source and destination, as a packet has them on its way there. */
export type Ends = { readonly source: string; readonly destination: string };

/** All hosts as they were read, and what is the fabric's on them. */
export type Around = { readonly world: World; readonly fabric: Pick<Fabric, "addresses" | "subnets"> };

/**
 * The policy rule behind a route that drops, where that is in a table which no host asks by itself: the rule is what diverts. It is taken away
 * where it is about the fabric alone; else the route is, if it is about the fabric and no other rule leads to it; else, as with a VPN, the
 * fabric's packets are sent back to the main table right before the rule.
 */
export const diversion = ({ world, fabric }: Around, hop: Hop, ends: Ends): Diversion | undefined => {
  const { decides, host, container } = hop;
  const space = world.get(host)?.depth.own;
  if (decides.kind !== "route" || container !== undefined || space === undefined) return undefined;
  if (["main", "local", "default"].includes(decides.table)) return undefined;
  const leading = space.policies.filter((p) => p.action === "lookup" && p.table === decides.table);
  const rule = leading.find((p) => fits(p, ends) || fits(p, turned(ends))) ?? leading[0];
  if (rule === undefined) return undefined;
  const ranges = hop.isOuter ? [...fabric.addresses.values()].map((a) => `${a}/32`) : allSubnets(fabric);
  const command =
    (isAbout(rule, ranges) ? deletion(rule) : undefined) ??
    (leading.length === 1 && isWithin(destinationOf(decides.text), ranges) ? removal(hop) : undefined) ??
    passedBy(space, rule, targetOf(rule, ends, ranges));
  const said = deciderText({ kind: "ip rule", priority: rule.priority, text: rule.text });
  return command === undefined ? undefined : { rule: said, command };
};

const isAbout = ({ not, source, destination }: PolicyRule, ranges: readonly string[]): boolean =>
  !not && [source, destination].some((range) => range !== undefined && isWithin(range, ranges));

/** Of a route as `ip route` words it. */
const destinationOf = (text: string): string => {
  const [, destination = ""] = /^(?:\w+ )?([\d.]+(?:\/\d+)?)( |$)/.exec(text) ?? [];
  return destination.includes("/") ? destination : `${destination}/32`;
};

const turned = ({ source, destination }: Ends): Ends => ({ source: destination, destination: source });

const fits = ({ source, destination }: PolicyRule, ends: Ends): boolean =>
  (source === undefined || isIn(source, ends.source) === true) &&
  (destination === undefined || isIn(destination, ends.destination) === true);

const isWithin = (range: string, all: readonly string[]): boolean => {
  const cidr = parseCidr(range);
  return (
    cidr !== undefined && all.map(cidrOf).some((block) => block.prefix <= cidr.prefix && contains(block, cidr.base))
  );
};

const deletion = ({ priority, text }: PolicyRule): string =>
  ["ip", "rule", "del", "priority", String(priority), ...text.split(" ")].map(quote).join(" ");

/** The network of the fabric that the packet which meets the rule is for. */
const targetOf = (rule: PolicyRule, ends: Ends, ranges: readonly string[]): string | undefined => {
  const { destination } = fits(rule, ends) ? ends : turned(ends);
  return ranges.find((range) => isIn(range, destination) === true);
};

/** The kernel reads rules by priority, and asks the table local first (ip-rule(8)): 0 is taken. */
const passedBy = ({ policies }: Space, { priority }: PolicyRule, target: string | undefined): string | undefined => {
  const taken = new Set(policies.map((p) => p.priority));
  const free = priority - 1;
  return target === undefined || free < 1 || taken.has(free)
    ? undefined
    : ["ip", "rule", "add", "priority", String(free), "to", target, "lookup", "main"].map(quote).join(" ");
};
