import { z } from "zod";
import type { PolicyRule } from "../model/depth.ts";
import { printed } from "./printed.ts";

/** Numbers of `ip -N` (rtnetlink(7), rt_tables). */
const TABLES: Readonly<Record<string, string>> = { 255: "local", 254: "main", 253: "default" };

/** The name of one of the kernel's own tables; others keep their number. */
export const tableName = (table: string): string => TABLES[table] ?? table;

const policies = z.array(
  z.looseObject({
    priority: z.number().default(0),
    src: z.string().default("all"),
    srclen: z.number().optional(),
    dst: z.string().default("all"),
    dstlen: z.number().optional(),
    iif: z.string().optional(),
    oif: z.string().optional(),
    fwmark: z.string().optional(),
    fwmask: z.string().default("0xffffffff"),
    not: z.unknown().optional(),
    action: z.string().optional(),
    table: z.string().optional(),
    suppress_prefixlen: z.number().optional(),
  }),
);

const JUDGED = /^(priority|src|srclen|dst|dstlen|iif|oif|fwmark|fwmask|not|action|table|suppress_prefixlen|protocol)$/;

type PolicyJson = z.infer<typeof policies>[number];

/** Parses `ip -j -4 -N rule`. */
export const parsePolicies = (text: string): readonly PolicyRule[] =>
  printed(policies, text, "ip -j -4 -N rule").map((rule) => {
    const matches = matchesOf(rule);
    return { ...matches, text: textOf(rule, matches) };
  });

const matchesOf = (rule: PolicyJson): Omit<PolicyRule, "text"> => ({
  priority: rule.priority,
  source: rule.src === "all" ? undefined : `${rule.src}/${rule.srclen ?? 32}`,
  destination: rule.dst === "all" ? undefined : `${rule.dst}/${rule.dstlen ?? 32}`,
  incoming: rule.iif,
  outgoing: rule.oif,
  mark: rule.fwmark === undefined ? undefined : { value: Number(rule.fwmark), mask: Number(rule.fwmask) },
  not: "not" in rule,
  action: actionOf(rule.action),
  table: rule.table === undefined ? undefined : tableName(rule.table),
  suppressPrefix: rule.suppress_prefixlen,
  others: Object.entries(rule)
    .filter(([key]) => !JUDGED.test(key))
    .map(([key, value]) => `${key} ${String(value)}`),
});

const textOf = (json: PolicyJson, rule: Omit<PolicyRule, "text">): string =>
  [
    rule.not && "not",
    `from ${rule.source ?? "all"}`,
    rule.destination !== undefined && `to ${rule.destination}`,
    json.fwmark !== undefined && `fwmark ${json.fwmark}/${json.fwmask}`,
    rule.incoming !== undefined && `iif ${rule.incoming}`,
    rule.outgoing !== undefined && `oif ${rule.outgoing}`,
    ...rule.others,
    rule.action === "lookup"
      ? `lookup ${rule.table ?? ""}`
      : rule.action === "other"
        ? `action ${json.action ?? ""}`
        : rule.action,
    rule.suppressPrefix !== undefined && `suppress_prefixlength ${rule.suppressPrefix}`,
  ]
    .filter((word) => word !== false)
    .join(" ");

/** Names, and the numbers that `ip -N` may print (FR_ACT_*, linux/fib_rules.h). */
const actionOf = (action: string | undefined): PolicyRule["action"] => {
  switch (action) {
    case undefined:
    case "1":
      return "lookup";
    case "blackhole":
    case "6":
      return "blackhole";
    case "unreachable":
    case "7":
      return "unreachable";
    case "prohibit":
    case "8":
      return "prohibit";
    default:
      return "other";
  }
};
