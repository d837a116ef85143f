import type { Rule, RuleChain } from "../model/depth-rules.ts";
import type { Decider, Hop } from "./hop.ts";
import { meetsAll, type Moment } from "./judge-match.ts";
import { NAT_TARGETS, natText, translated } from "./nat.ts";
import type { Packet } from "./packet.ts";
import { parseRule, type ParsedRule } from "./rule.ts";

/** What rules have to say of a packet. */
export type Note = Pick<Hop, "decides" | "verdict" | "why" | "becomes">;

/** What became of a packet in a base chain. */
export type Passed = { readonly packet: Packet; readonly notes: readonly Note[]; readonly isDropped: boolean };

/** A table of one variant of iptables in a network namespace. */
export type RuleTable = {
  readonly tool: string;
  readonly table: string;
  readonly chains: ReadonlyMap<string, RuleChain>;
  /** Address of a device that MASQUERADE takes for packets that leave by it. */
  readonly addressOf: (device: string | undefined, destination: string) => string | undefined;
};

type Walk = RuleTable & {
  moment: Moment;
  readonly notes: Note[];
  /** The first rule that may have accepted the packet: what drops it afterwards drops it perhaps. */
  doubt: Decider | undefined;
};

type End = "accept" | "drop" | "next";

/** Deeper than jumps can be nested by iptables-save's own check for loops (ip_tables.c, mark_source_chains). */
const DEEPEST = 32;

/** Sends a packet through a built-in chain and what it jumps to. */
export const throughChain = (table: RuleTable, chain: string, moment: Moment): Passed => {
  const walk: Walk = { ...table, moment, notes: [], doubt: undefined };
  const first = table.chains.get(chain);
  if (first === undefined) return { packet: moment.packet, notes: [], isDropped: false };
  const end = throughRules(walk, first, 0);
  if (end === "next") byPolicy(walk, first);
  return {
    packet: walk.moment.packet,
    notes: walk.notes,
    isDropped: walk.notes.some(({ verdict }) => verdict === "drops"),
  };
};

const byPolicy = (walk: Walk, { name, policy }: RuleChain): void => {
  if (policy === undefined || (policy === "ACCEPT" && walk.table !== "filter")) return;
  const decides: Decider = { kind: "policy", tool: walk.tool, table: walk.table, chain: name, text: policy };
  if (policy === "ACCEPT") walk.notes.push({ decides, verdict: "passes", why: "no rule is against it" });
  else drop(walk, decides, "no rule accepts it, and the policy drops what none accepts");
};

/** Notes a drop, a doubtful one where a rule before it may have accepted the packet. */
const drop = (walk: Walk, decides: Decider, why: string): void => {
  const doubt = walk.doubt?.kind === "rule" ? `; rule ${walk.doubt.number} of ${walk.doubt.chain} may accept it` : "";
  walk.notes.push({ decides, verdict: doubt === "" ? "drops" : "unknown", why: `${why}${doubt}` });
};

const throughRules = (walk: Walk, chain: RuleChain, depth: number): End => {
  for (const rule of chain.rules) {
    const parsed = parseRule(rule.text);
    const met = meetsAll(parsed.matches, walk.moment);
    if (met === false) continue;
    if (met === undefined) {
      perhaps(walk, chain, rule, parsed);
      continue;
    }
    const end = act(walk, { chain, rule, parsed, depth });
    if (end === "return") return "next";
    if (end !== undefined) return end;
  }
  return "next";
};

const deciderOf = ({ tool, table }: Walk, { name }: RuleChain, { number, text }: Rule): Decider => ({
  kind: "rule",
  tool,
  table,
  chain: name,
  number,
  text,
});

const TERMINAL = new Set(["ACCEPT", "DROP", "REJECT", "QUEUE", "NFQUEUE", "STOLEN"]);

/** A rule of which nobody can tell whether the packet meets it: the walk goes on as if not, and says so where that matters. */
const perhaps = (walk: Walk, chain: RuleChain, rule: Rule, { matches, target }: ParsedRule): void => {
  const decides = deciderOf(walk, chain, rule);
  const unclear = matches.filter((match) => meetsAll([match], walk.moment) === undefined);
  const why = `nobody can tell from outside whether ${unclear.map(({ option, words }) => [option, ...words].join(" ")).join(", ")} holds`;
  const leadsSomewhere =
    target !== undefined &&
    (TERMINAL.has(target) || target === "RETURN" || NAT_TARGETS.has(target) || walk.chains.has(target));
  if (!leadsSomewhere) return;
  // Behind a RETURN, in whatever chain, the rules that follow here are not asked.
  if (target === "ACCEPT" || target === "RETURN" || walk.chains.has(target)) walk.doubt ??= decides;
  if (target !== "ACCEPT" && target !== "RETURN") walk.notes.push({ decides, verdict: "unknown", why });
};

type Acting = {
  readonly chain: RuleChain;
  readonly rule: Rule;
  readonly parsed: ParsedRule;
  readonly depth: number;
};

/** Does what the rule says; undefined: the next rule is asked. */
const act = (walk: Walk, { chain, rule, parsed, depth }: Acting): End | "return" | undefined => {
  const { target, options } = parsed;
  const decides = deciderOf(walk, chain, rule);
  const next = target === undefined ? undefined : walk.chains.get(target);
  if (next !== undefined) {
    const end = depth < DEEPEST ? throughRules(walk, next, depth + 1) : "next";
    return end !== "next" ? end : parsed.isGoto ? "return" : undefined;
  }
  if (target === "RETURN") return "return";
  if (target === "ACCEPT") {
    if (walk.table !== "mangle") walk.notes.push({ decides, verdict: "passes", why: "accepts it" });
    return "accept";
  }
  if (target === "DROP" || target === "REJECT") {
    drop(walk, decides, target === "DROP" ? "drops it" : "refuses it, with a word to the sender");
    return "drop";
  }
  if (target === "NFQUEUE" || target === "QUEUE") {
    walk.notes.push({ decides, verdict: "unknown", why: "hands it to a program, which decides" });
    return "accept";
  }
  return target === undefined ? undefined : change(walk, { target, options, decides });
};

type Changing = {
  readonly target: string;
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly decides: Decider;
};

/** Targets that change the packet; those of nat end the table. */
const change = (walk: Walk, { target, options, decides }: Changing): End | undefined => {
  const { packet } = walk.moment;
  const word = (option: string): string => options.get(option)?.[0] ?? "";
  if (target === "MARK") walk.moment = { ...walk.moment, packet: { ...packet, mark: marked(packet.mark, options) } };
  if ((target === "CT" && options.has("--notrack")) || target === "NOTRACK")
    walk.moment = { ...walk.moment, packet: { ...packet, isTracked: false } };
  if (!NAT_TARGETS.has(target)) return undefined;
  const { outgoing } = walk.moment;
  const after = translated(packet, {
    target,
    to: word("--to-source") || word("--to-destination") || word("--to"),
    own: walk.addressOf(outgoing, packet.destination),
  });
  walk.moment = { ...walk.moment, packet: after };
  const becomes = { source: after.source, destination: after.destination };
  walk.notes.push({ decides, verdict: "passes", why: natText(packet, after), becomes });
  return "accept";
};

/** `--set-xmark VALUE/MASK` is how iptables-save prints each of MARK's options (iptables-extensions(8)). */
const marked = (mark: number, options: ReadonlyMap<string, readonly string[]>): number => {
  const [value = 0, mask = 0xffffffff] = (options.get("--set-xmark")?.[0] ?? "").split("/").map(Number);
  return ((mark & ~mask) ^ value) >>> 0;
};
