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
  const tables = new Map<Table, Read>();
  const { parts, numberOf } = numbering();
  let current: Read | undefined;
  for (const counted of lines(text)) {
    const line = counted.replace(/^\[\d+:\d+\] /, "");
    if (line.startsWith("*")) {
      const name = TABLES.find((table) => table === line.slice(1));
      current = name && { chains: new Map(), policies: new Map() };
      if (name !== undefined && current !== undefined) tables.set(name, current);
    } else if (current !== undefined) readLine(current, line, numberOf);
  }
  const packed = ([chain, numbers]: readonly [string, number[]]): readonly [string, ChainRules] => [
    chain,
    rulesOf(parts, Uint32Array.from(numbers)),
  ];
  return new Map(
    [...tables].map(([of, { chains, policies }]) => [of, { policies, chains: new Map([...chains].map(packed)) }]),
  );
};

/** A table while it is read: the numbers of its chains' parts. */
type Read = { readonly chains: Map<string, number[]>; readonly policies: Map<string, string> };

const readLine = ({ chains, policies }: Read, line: string, numberOf: (part: string) => number): void => {
  if (line.startsWith(":")) {
    const [chain = "", policy = "-"] = line.slice(1).split(" ");
    chains.set(chain, []);
    if (policy !== "-") policies.set(chain, policy);
  } else if (line.startsWith("-A ")) {
    const [, chain = "", ...rule] = line.split(" ");
    const numbers = chains.get(chain);
    for (const part of PARTS.exec(plain(rule.join(" ")))?.slice(1) ?? []) numbers?.push(numberOf(part));
  }
};

/** Parts of the rules of a host, each once, by number. */
const numbering = () => {
  const parts: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (part: string): number => {
    const number = numbers.get(part) ?? parts.push(interned(part)) - 1;
    numbers.set(part, number);
    return number;
  };
  return { parts, numberOf };
};

/**
 * Each rule is three numbers of parts that the host's other rules have too: a tenth of what they take in full. Of hundreds of hosts each has some about each other one.
 * A function of its own: it holds nothing else.
 */
const rulesOf = (parts: readonly string[], numbers: Uint32Array): ChainRules => ({
  get rules() {
    const text = (at: number): string => parts[numbers[at] ?? 0] ?? "";
    return Array.from({ length: numbers.length / 3 }, (_, i) => `${text(3 * i)}${text(3 * i + 1)}${text(3 * i + 2)}`);
  },
});

/** Source, destination, and the rest; any text is one of these. */
const PARTS = /^((?:-s \S+ )?)((?:-d \S+ )?)(.*)$/;

/** Without the quotes, and protocol 4 by its number, which has a name only where /etc/protocols knows it. */
const plain = (rule: string): string =>
  rule
    .replace(/--comment "([^"\\\s]*)"/g, "--comment $1")
    .replace(/(^| )-p (ipencap|ipip|ipv4|IPv4|IP-ENCAP) /, "$1-p 4 ");
