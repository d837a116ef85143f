import { cidrOf, contains, parseIp } from "../cidr.ts";
import type { DeepRoute, PolicyRule, Space } from "../model/depth.ts";
import type { Decider } from "./hop.ts";
import { isIn } from "./judge-match.ts";

/** What routes are asked: as `ip route get` takes it. */
export type Question = {
  readonly source: string;
  readonly destination: string;
  readonly mark: number;
  /** Device that the packet came in by; `lo` for the host's own packets. */
  readonly incoming: string;
};

/** What they answer. */
export type Answer = {
  /** Undefined where no table knows a route. */
  readonly route: DeepRoute | undefined;
  /** The policy rule that led there, or forbade it. */
  readonly policy: PolicyRule | undefined;
  /** Policy rules before it of which nobody can tell whether the packet meets them. */
  readonly doubts: readonly PolicyRule[];
};

/** What the kernel looks up: policy rules in their order, in each table the longest prefix, then the lowest metric (ip-rule(8)). */
export const lookup = (space: Space, question: Question): Answer => {
  const doubts: PolicyRule[] = [];
  for (const policy of space.policies) {
    const met = meetsPolicy(policy, question);
    if (met === undefined) doubts.push(policy);
    if (met !== true) continue;
    if (policy.action !== "lookup") return { route: undefined, policy, doubts };
    const route = routeIn(space, policy, question.destination);
    if (route !== undefined && route.type !== "throw") return { route, policy, doubts };
  }
  return { route: undefined, policy: undefined, doubts };
};

const meetsPolicy = (policy: PolicyRule, { source, destination, mark, incoming }: Question): boolean | undefined => {
  const judged = [
    policy.source === undefined || isIn(policy.source, source),
    policy.destination === undefined || isIn(policy.destination, destination),
    policy.incoming === undefined || policy.incoming === incoming,
    policy.outgoing === undefined,
    policy.mark === undefined || (mark & policy.mark.mask) >>> 0 === policy.mark.value,
    policy.action === "other" || policy.others.length > 0 ? undefined : true,
  ];
  const met = judged.includes(false) ? false : judged.includes(undefined) ? undefined : true;
  return met === undefined ? undefined : met !== policy.not;
};

const routeIn = (space: Space, { table, suppressPrefix }: PolicyRule, destination: string): DeepRoute | undefined => {
  const ip = parseIp(destination) ?? -1;
  const found = space.routes
    .filter((r) => r.table === table && !r.flags.includes("dead") && contains(cidrOf(r.destination), ip))
    .reduce<DeepRoute | undefined>((a, b) => (a === undefined || isBetter(b, a) ? b : a), undefined);
  return found !== undefined && suppressPrefix !== undefined && prefixOf(found) <= suppressPrefix ? undefined : found;
};

const prefixOf = (route: DeepRoute): number => cidrOf(route.destination).prefix;
const isBetter = (a: DeepRoute, b: DeepRoute): boolean =>
  prefixOf(a) > prefixOf(b) || (prefixOf(a) === prefixOf(b) && a.metric < b.metric);

/** A route as `ip route` takes and shows it. */
export const routeText = (route: DeepRoute): string =>
  [
    ["unicast", "other"].includes(route.type) ? "" : `${route.type} `,
    route.destination === "0.0.0.0/0" ? "default" : route.destination.replace(/\/32$/, ""),
    route.gateway === undefined ? "" : ` via ${route.gateway}`,
    route.device === undefined ? "" : ` dev ${route.device}`,
    route.protocol === "" || route.protocol === "2" ? "" : ` proto ${route.protocol}`,
    route.metric === 0 ? "" : ` metric ${route.metric}`,
    route.onlink ? " onlink" : "",
    route.mtu === undefined ? "" : ` mtu ${route.mtu}`,
  ].join("");

/** What decided, for a hop. */
export const routeDecider = ({ route, policy }: Answer, destination: string): Decider =>
  route !== undefined
    ? { kind: "route", table: route.table, text: routeText(route) }
    : policy !== undefined
      ? { kind: "ip rule", priority: policy.priority, text: policy.text }
      : { kind: "route", table: "main", text: `none to ${destination}` };

/** LOCAL, UNICAST and so on, of an address as a network namespace sees it (iptables-extensions(8), addrtype). */
export const addressType = (space: Space, address: string): string => {
  const { route } = lookup(space, { source: "0.0.0.0", destination: address, mark: 0, incoming: "lo" });
  const type = route?.type ?? "unreachable";
  return type.toUpperCase();
};

/** Strictness of the reverse path filter on a device: the greater of its own and that of all (ip-sysctl, rp_filter). */
export const reverseFilter = (space: Space, device: string): { readonly key: string; readonly value: number } => {
  const [all, own] = ["all", device].map((name) => Number(space.conf.get(`${name}.rp_filter`) ?? 0));
  const isOwn = (own ?? 0) >= (all ?? 0);
  return { key: `net.ipv4.conf.${isOwn ? device : "all"}.rp_filter`, value: Math.max(all ?? 0, own ?? 0) };
};

/**
 * Why the kernel does not believe a packet's source (fib_validate_source): an address of its own; for a strict filter, a way back by
 * another device, and the same for a loose one on a device without an address (last_resort); no way back at all. Undefined where it does.
 */
export const disbelief = (space: Space, question: Question): Disbelief | undefined => {
  const { source, destination, mark, incoming } = question;
  const isSet = (key: string): boolean => ["all", incoming].some((name) => space.conf.get(`${name}.${key}`) === "1");
  const back = lookup(space, {
    source: destination,
    destination: source,
    mark: isSet("src_valid_mark") ? mark : 0,
    incoming,
  });
  if (back.route?.type !== "local") return filtered(space, question, back);
  if (isSet("accept_local")) return undefined;
  const why = `its source ${source} is an address of this host itself, so it is thrown away as a forgery`;
  return { decides: routeDecider(back, source), why };
};

type Disbelief = { readonly decides: Decider; readonly why: string };

const filtered = (space: Space, { source, incoming }: Question, back: Answer): Disbelief | undefined => {
  const { route, policy } = back;
  const { key, value } = reverseFilter(space, incoming);
  if (value === 0) return undefined;
  const decides: Decider = { kind: "sysctl", key, value: String(value) };
  if (route?.type !== "unicast") {
    // Where something forbids the way back, an answer would get no further without the filter.
    const isForbidden = route !== undefined || policy !== undefined;
    const why = `there is no route back to its source ${source}`;
    return { decides: isForbidden ? routeDecider(back, source) : decides, why };
  }
  const isBare = space.links.some(({ name, addresses }) => name === incoming && addresses.length === 0);
  if ((value !== 1 && !isBare) || route.device === incoming || route.multipath) return undefined;
  const by = `${route.device ?? "no device"} (${routeText(route)})`;
  const bare = isBare ? "; a device without an address is strict in loose mode too" : "";
  return { decides, why: `it came in by ${incoming}, but the way back to its source ${source} is by ${by}${bare}` };
};
