import type { NftChain, NftRule, NftTable } from "../model/depth-rules.ts";
import type { Note, Passed } from "./chains.ts";
import { deciderText, type Decider } from "./hop.ts";
import { passesStatement } from "./judge-nft.ts";
import type { Judged, Moment } from "./judge-match.ts";
import { natText } from "./nat.ts";
import { changedByNft } from "./nft-nat.ts";
import { verdictsOf, type Said } from "./nft-verdicts.ts";

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
    const verdicts = verdictsOf(statement, walk.moment, walk.table);
    for (const each of verdicts ?? []) {
      const said = decide(walk, { ...at, certain: each.certain && certain === true }, each);
      if (said !== "next") return said;
    }
    if (verdicts !== undefined) continue;
    if (change(walk, statement, at)) return "accept";
    const passes = passesStatement(statement, walk.moment, walk.table.sets);
    if (passes === false) return "next";
    if (passes === undefined) certain = undefined;
  }
  return "next";
};

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
  const decides = decider(walk, chain, rule);
  // A map may have several verdicts that come into question: the rule is named once.
  const isNamed = walk.notes.some((note) => deciderText(note.decides) === deciderText(decides));
  if (word !== "accept" && word !== "return" && !isNamed) walk.notes.push({ decides, verdict: "unknown", why });
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
