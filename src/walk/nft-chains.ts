import { z } from "zod";
import type { NftChain, NftRule, NftTable } from "../model/depth-rules.ts";
import type { Note, Passed } from "./chains.ts";
import type { Decider } from "./hop.ts";
import { isOneOf, passesStatement, valueOf } from "./judge-nft.ts";
import type { Judged, Moment } from "./judge-match.ts";
import { natText } from "./nat.ts";
import { changedByNft } from "./nft-nat.ts";

type Walk = {
  readonly table: NftTable;
  readonly addressOf: (device: string | undefined, destination: string) => string | undefined;
  moment: Moment;
  readonly notes: Note[];
  doubt: NftRule | undefined;
};

type End = "accept" | "drop" | "return" | "next";

/** Sends a packet through a base chain of nft and what it jumps to. An accept ends only this base chain (nft(8)). */
export const throughNft = (
  table: NftTable,
  chain: NftChain,
  { moment, addressOf }: Pick<Walk, "moment" | "addressOf">,
): Passed => {
  const walk: Walk = { table, addressOf, moment, notes: [], doubt: undefined };
  const end = throughRules(walk, chain, 0);
  if (end !== "accept" && end !== "drop" && chain.base?.policy === "drop")
    drop(walk, decider(walk, chain, undefined), "no rule accepts it, and the policy drops what none accepts");
  return {
    packet: walk.moment.packet,
    notes: walk.notes,
    isDropped: walk.notes.some(({ verdict }) => verdict === "drops"),
  };
};

const decider = ({ table: { family, name } }: Walk, chain: NftChain, rule: NftRule | undefined): Decider => ({
  kind: "nft",
  family,
  table: name,
  chain: chain.name,
  handle: rule?.handle,
  text: rule?.text ?? `policy ${chain.base?.policy ?? "accept"}`,
});

const drop = (walk: Walk, decides: Decider, why: string): void => {
  const doubt = walk.doubt === undefined ? "" : `; the rule with handle ${walk.doubt.handle} may accept it`;
  walk.notes.push({ decides, verdict: doubt === "" ? "drops" : "unknown", why: `${why}${doubt}` });
};

const throughRules = (walk: Walk, chain: NftChain, depth: number): End => {
  for (const rule of chain.rules) {
    const end = throughStatements(walk, { chain, rule, depth });
    if (end !== "next") return end;
  }
  return "next";
};

type At = { readonly chain: NftChain; readonly rule: NftRule; readonly depth: number };

const throughStatements = (walk: Walk, at: At): End => {
  let certain: Judged = true;
  for (const statement of at.rule.statements) {
    const end = verdictOf(statement, walk);
    if (end !== undefined) {
      const said = decide(walk, { ...at, certain: end.certain && certain === true }, end);
      if (said !== "next") return said;
      continue;
    }
    if (change(walk, statement, at)) return "accept";
    const passes = passesStatement(statement, walk.moment, walk.table.sets);
    if (passes === false) return "next";
    if (passes === undefined) certain = undefined;
  }
  return "next";
};

type Said = { readonly word: string; readonly target: string | undefined; readonly certain: boolean };

const WORDS = ["accept", "drop", "reject", "return", "continue", "jump", "goto", "queue"];

/** The verdict that a statement is, or that its map gives for the packet; undefined for any other statement. */
const verdictOf = (statement: unknown, walk: Walk): Said | undefined => {
  if (typeof statement !== "object" || statement === null) return undefined;
  const [word, value] = (Object.entries(statement) as [string, unknown][])[0] ?? ["", undefined];
  if (WORDS.includes(word)) return { word, target: targetOf(value), certain: true };
  const map = vmap.safeParse(statement);
  if (!map.success) return undefined;
  const key = valueOf(map.data.vmap.key, walk.moment);
  for (const [element, verdict] of entriesOf(map.data.vmap.data, walk.table)) {
    const hit = isOneOf(key, element, walk.table.sets);
    if (hit === false) continue;
    const said = verdictOf(verdict, walk);
    return said === undefined ? undefined : { ...said, certain: hit === true };
  }
  return { word: "continue", target: undefined, certain: true };
};

const vmap = z.object({ vmap: z.object({ key: z.unknown(), data: z.unknown() }) });
const anonymous = z.object({ set: z.array(z.tuple([z.unknown(), z.unknown()])) });

const entriesOf = (data: unknown, { sets }: NftTable): readonly (readonly [unknown, unknown])[] => {
  const named = typeof data === "string" ? { set: sets.get(data.slice(1)) } : data;
  const found = anonymous.safeParse(named);
  return found.success ? found.data.set : [];
};

const targetOf = (value: unknown): string | undefined => z.object({ target: z.string() }).safeParse(value).data?.target;

const DEEPEST = 16;

const decide = (walk: Walk, at: At & { readonly certain: boolean }, { word, target }: Said): End => {
  if (word === "continue") return "next";
  if (!at.certain) return perhaps(walk, at, word);
  if (word === "return") return "return";
  if (word === "jump" || word === "goto") return follow(walk, at, { target, isGoto: word === "goto" });
  const decides = decider(walk, at.chain, at.rule);
  if (word === "drop" || word === "reject") {
    drop(walk, decides, word === "drop" ? "drops it" : "refuses it, with a word to the sender");
    return "drop";
  }
  const isAccept = word === "accept";
  const why = isAccept ? "accepts it" : "hands it to a program, which decides";
  walk.notes.push({ decides, verdict: isAccept ? "passes" : "unknown", why });
  return "accept";
};

/** A verdict of which nobody can tell whether it is about the packet: the walk goes on as if not. */
const perhaps = (walk: Walk, { chain, rule }: At, word: string): End => {
  if (["accept", "return", "jump", "goto"].includes(word)) walk.doubt ??= rule;
  const why = "nobody can tell from outside whether it holds for the packet";
  if (word !== "accept" && word !== "return")
    walk.notes.push({ decides: decider(walk, chain, rule), verdict: "unknown", why });
  return "next";
};

type Jump = { readonly target: string | undefined; readonly isGoto: boolean };

const follow = (walk: Walk, { depth }: At, { target, isGoto }: Jump): End => {
  const next = walk.table.chains.find(({ name }) => name === target);
  const end = next === undefined || depth >= DEEPEST ? "next" : throughRules(walk, next, depth + 1);
  if (end === "accept" || end === "drop") return end;
  return isGoto ? "return" : "next";
};

/** Does what a statement does to the packet; `true` for those of nat, which end the chain. */
const change = (walk: Walk, statement: unknown, { chain, rule }: At): boolean => {
  const { packet, outgoing } = walk.moment;
  const own = walk.addressOf(outgoing, packet.destination);
  const { after, isNat } = changedByNft(packet, statement, own);
  walk.moment = { ...walk.moment, packet: after };
  if (!isNat) return false;
  walk.notes.push({
    decides: decider(walk, chain, rule),
    verdict: "passes",
    why: natText(packet, after),
    becomes: { source: after.source, destination: after.destination },
  });
  return true;
};
