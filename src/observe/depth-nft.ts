import { z } from "zod";
import type { NftChain, NftRule, NftTable } from "../model/depth-rules.ts";
import { jsonOf, lines } from "./script.ts";

const place = z.object({ family: z.string(), table: z.string() });
const item = z.object({
  chain: place
    .extend({
      name: z.string(),
      type: z.string().optional(),
      hook: z.string().optional(),
      prio: z.number().optional(),
      policy: z.string().optional(),
      dev: z.union([z.string(), z.array(z.string())]).optional(),
    })
    .optional(),
  rule: place
    .extend({ chain: z.string(), handle: z.number(), comment: z.string().optional(), expr: z.array(z.unknown()) })
    .optional(),
  set: place.extend({ name: z.string(), elem: z.array(z.unknown()).default([]) }).optional(),
  map: place.extend({ name: z.string(), elem: z.array(z.unknown()).default([]) }).optional(),
  table: z.object({ family: z.string(), name: z.string() }).optional(),
});
const documents = z.object({ nftables: z.array(item) });

type Item = z.infer<typeof item>;
type Chain = NonNullable<Item["chain"]>;

/** Parses, for one table after the other, `nft -j list table` (one line) and `nft -a list table` (the rest). */
export const parseNft = (text: string): readonly NftTable[] => {
  const all = lines(text);
  const items = all
    .filter((line) => line.startsWith(`{"nftables"`))
    .flatMap((line) => documents.safeParse(jsonOf(line)).data?.nftables ?? []);
  const texts = ruleTexts(all.filter((line) => !line.startsWith(`{"nftables"`)));
  return items.flatMap(({ table }): NftTable[] => {
    if (table === undefined) return [];
    const { family, name } = table;
    const isHere = (part: { family: string; table: string } | undefined): boolean =>
      part?.family === family && part.table === name;
    const rulesOf = (chain: Chain): readonly NftRule[] =>
      items.flatMap(({ rule }): NftRule[] =>
        rule === undefined || !isHere(rule) || rule.chain !== chain.name
          ? []
          : [
              {
                handle: rule.handle,
                statements: rule.expr,
                text: texts.get(`${family} ${name} ${rule.handle}`) ?? JSON.stringify(rule.expr),
                packets: counterOf(rule.expr),
                comment: rule.comment,
              },
            ],
      );
    const chains = items.flatMap(({ chain }): NftChain[] =>
      chain === undefined || !isHere(chain) ? [] : [{ name: chain.name, base: baseOf(chain), rules: rulesOf(chain) }],
    );
    const sets = items.flatMap(({ set, map }) => [set, map].filter((s) => s !== undefined).filter(isHere));
    return [
      { family: family as NftTable["family"], name, chains, sets: new Map(sets.map((set) => [set.name, set.elem])) },
    ];
  });
};

/** Tables that `nft -a` printed and `nft -j` did not, or not so that it can be read: `FAMILY NAME`. */
export const unreadTables = (text: string): readonly string[] => {
  const known = new Set(parseNft(text).map(({ family, name }) => `${family} ${name}`));
  return [...text.matchAll(/^table (\S+ \S+) \{/gm)]
    .map(([, table = ""]) => table)
    .filter((table) => !known.has(table));
};

const baseOf = ({ type, hook, prio, policy, dev }: Chain): NftChain["base"] =>
  hook === undefined
    ? undefined
    : {
        type: type ?? "filter",
        hook,
        priority: prio ?? 0,
        policy: policy === "drop" ? "drop" : "accept",
        device: Array.isArray(dev) ? dev.join(", ") : dev,
      };

/** A counter of its own; a named one is shared. */
const counterOf = (statements: readonly unknown[]): number | undefined => {
  for (const statement of statements) {
    const found = z.object({ counter: z.object({ packets: z.number() }) }).safeParse(statement);
    if (found.success) return found.data.counter.packets;
  }
  return undefined;
};

/** What is printed before `# handle N`, by family, table and handle; the elements of a long set go over several lines. */
const ruleTexts = (all: readonly string[]): ReadonlyMap<string, string> => {
  const texts = new Map<string, string>();
  let [table, begun] = ["", ""];
  for (const line of all) {
    const [, family, name = ""] = /^table (\S+) (\S+) \{/.exec(line) ?? [];
    if (family !== undefined) table = `${family} ${name}`;
    const [, words = "", handle] = /^(.*?) ?# handle (\d+)$/.exec(line) ?? [];
    const text = `${begun} ${handle === undefined ? line.trim() : words.trim()}`.trim();
    if (handle !== undefined) texts.set(`${table} ${handle}`, text);
    begun = handle === undefined && text.endsWith(",") ? text : "";
  }
  return texts;
};
