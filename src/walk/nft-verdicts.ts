import { z } from "zod";
import type { NftTable } from "../model/depth-rules.ts";
import type { Judged, Moment } from "./judge-match.ts";
import { isAbsent, isOneOf, valueOf, type Value } from "./judge-nft.ts";

/** A verdict, and whether it is certain that the packet gets it. */
export type Said = { readonly word: string; readonly target: string | undefined; readonly certain: boolean };

const WORDS = ["accept", "drop", "reject", "return", "continue", "jump", "goto", "queue"];

/**
 * The verdict that a statement is, or that its map gives for the packet: one that is certain, all that come into question, or none.
 * Undefined for any other statement.
 */
export const verdictsOf = (statement: unknown, moment: Moment, table: NftTable): readonly Said[] | undefined => {
  const own = verdictOf(statement);
  if (own !== undefined) return [own];
  const map = vmap.safeParse(statement);
  if (!map.success) return undefined;
  const { key, data } = map.data.vmap;
  return hitsOf(valueOf(key, moment), entriesOf(data, table), table).flatMap(([verdict, hit]) => {
    const said = verdictOf(verdict);
    return said === undefined ? [] : [{ ...said, certain: hit === true }];
  });
};

const verdictOf = (statement: unknown): Said | undefined => {
  if (typeof statement !== "object" || statement === null) return undefined;
  const [word, value] = (Object.entries(statement) as [string, unknown][])[0] ?? ["", undefined];
  if (!WORDS.includes(word)) return undefined;
  return { word, target: z.object({ target: z.string() }).safeParse(value).data?.target, certain: true };
};

const vmap = z.object({ vmap: z.object({ key: z.unknown(), data: z.unknown() }) });
const anonymous = z.object({ set: z.array(z.tuple([z.unknown(), z.unknown()])) });

type Entry = readonly [key: unknown, verdict: unknown];

const entriesOf = (data: unknown, { sets }: NftTable): readonly Entry[] => {
  const named = typeof data === "string" ? { set: sets.get(data.slice(1)) } : data;
  const found = anonymous.safeParse(named);
  return found.success ? found.data.set : [];
};

/** Verdicts of the entries that hold, or may hold. No two entries of a map overlap but the star, which is for what no other has (nft(8)). */
const hitsOf = (
  value: Value,
  entries: readonly Entry[],
  { sets }: NftTable,
): readonly (readonly [verdict: unknown, hit: Judged])[] => {
  if (isAbsent(value)) return [];
  const judged = entries
    .filter(([key]) => key !== "*")
    .map(([key, verdict]) => [verdict, isOneOf(value, key, sets)] as const);
  const certain = judged.find(([, hit]) => hit === true);
  if (certain !== undefined) return [certain];
  const perhaps = judged.filter(([, hit]) => hit === undefined);
  const rest = entries.filter(([key]) => key === "*").map(([, verdict]) => verdict);
  return [...perhaps, ...rest.map((verdict) => [verdict, perhaps.length === 0 ? true : undefined] as const)];
};
