import type { Rule, RuleChain, Ruleset } from "../model/depth-rules.ts";
import { lines } from "./script.ts";

type Chain = { name: string; policy: string | undefined; packets: number; rules: Rule[] };

/** Parses `iptables-save -c`; `:CHAIN POLICY [PACKETS:BYTES]` and `[PACKETS:BYTES] -A CHAIN RULE`. */
export const parseRuleset = (text: string): Ruleset => {
  const tables = new Map<string, Map<string, Chain>>();
  let current = new Map<string, Chain>();
  for (const line of lines(text)) {
    if (line.startsWith("*")) {
      current = new Map();
      tables.set(line.slice(1), current);
    }
    const [, name, policy = "-", packets] = /^:(\S+) (\S+) \[(\d+):/.exec(line) ?? [];
    if (name !== undefined)
      current.set(name, { name, policy: policy === "-" ? undefined : policy, packets: Number(packets), rules: [] });
    const [, matched, chain = "", rule = ""] = /^\[(\d+):\d+\] -A (\S+) ?(.*)$/.exec(line) ?? [];
    const rules = current.get(chain)?.rules;
    if (matched !== undefined) rules?.push({ number: rules.length + 1, text: rule, packets: Number(matched) });
  }
  return tables satisfies Map<string, Map<string, RuleChain>>;
};
