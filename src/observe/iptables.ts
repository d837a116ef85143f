import { interned } from "../interned.ts";
import type { ChainRules, TableRules } from "../model/facts.ts";
import type { Table } from "../model/state.ts";
import { lines } from "./script.ts";

const TABLES: readonly Table[] = ["raw", "filter", "nat"];

/**
 * Parses `iptables-save`, with `-c` or without: chains in the order printed, rules without `-A CHAIN ` and without the quotes that it puts
 * around comments (xtables_save_string, libxtables/xtables.c, quotes what is not plain), so that they compare as written.
 */
export const parseTables = (text: string): ReadonlyMap<Table, TableRules> => {
  const tables = new Map<Table, TableRules>();
  let current: { chains: Map<string, Packed>; policies: Map<string, string> } | undefined;
  for (const counted of lines(text)) {
    const line = counted.replace(/^\[\d+:\d+\] /, "");
    if (line.startsWith("*")) {
      const name = TABLES.find((table) => table === line.slice(1));
      current = { chains: new Map(), policies: new Map() };
      if (name !== undefined) tables.set(name, current);
    } else if (line.startsWith(":")) {
      const [chain = "", policy = "-"] = line.slice(1).split(" ");
      current?.chains.set(chain, packed());
      if (policy !== "-") current?.policies.set(chain, policy);
    } else if (line.startsWith("-A ")) {
      const [, chain = "", ...rule] = line.split(" ");
      current?.chains.get(chain)?.add(plain(rule.join(" ")));
    }
  }
  return tables;
};

type Packed = ChainRules & { readonly add: (rule: string) => void };

/** Rules in parts that others have too, a fifth of what they take in full: of hundreds of hosts each has some about each other one. */
const packed = (): Packed => {
  const parts: string[] = [];
  return {
    add: (rule) => {
      for (const part of PARTS.exec(rule)?.slice(1) ?? []) parts.push(interned(part));
    },
    get rules() {
      const rules: string[] = [];
      for (let i = 0; i < parts.length; i += 3)
        rules.push(`${parts[i] ?? ""}${parts[i + 1] ?? ""}${parts[i + 2] ?? ""}`);
      return rules;
    },
  };
};

/** Source, destination, and the rest; any text is one of these. */
const PARTS = /^((?:-s \S+ )?)((?:-d \S+ )?)(.*)$/;

/** Without the quotes, and protocol 4 by its number, which has a name only where /etc/protocols knows it. */
const plain = (rule: string): string =>
  rule
    .replace(/--comment "([^"\\\s]*)"/g, "--comment $1")
    .replace(/(^| )-p (ipencap|ipip|ipv4|IPv4|IP-ENCAP) /, "$1-p 4 ");
