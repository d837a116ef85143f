import { z } from "zod";
import { all, isIn, negated, protocolNumber, type Judged, type Moment } from "./judge-match.ts";
import { flagged, statusOf, type Flags } from "./judge-status.ts";
import { stateOf } from "./packet.ts";

/** The elements of a table's named sets, as nft's JSON has them. */
export type Sets = ReadonlyMap<string, readonly unknown[]>;

const match = z.object({ match: z.object({ op: z.string().default("=="), left: z.unknown(), right: z.unknown() }) });

/** Statements that neither decide nor match: the packet goes on to the next one. */
const SILENT = [
  "counter",
  "log",
  "comment",
  "notrack",
  "mangle",
  "ct helper",
  "ct timeout",
  "flow",
  "tproxy",
  "xt target",
];

/**
 * Whether a packet gets past a statement of an nft rule (libnftables-json(5)) to the next one; undefined where nobody can tell from what
 * was read, such as behind a limit.
 */
export const passesStatement = (statement: unknown, moment: Moment, sets: Sets): Judged => {
  const found = match.safeParse(statement);
  if (found.success) {
    const { op, left, right } = found.data.match;
    return comparison(op, { value: valueOf(left, moment), right, sets });
  }
  const [kind = ""] = typeof statement === "object" && statement !== null ? Object.keys(statement) : [];
  return SILENT.includes(kind) ? true : undefined;
};

/** What is looked at: a text or a number; `absent` for a field that the packet does not have; undefined for what nobody knows. */
export type Value = string | number | readonly Value[] | Flags | { readonly kind: "absent" } | undefined;
const absent = { kind: "absent" } as const;

const left = z.union([
  z.object({ payload: z.object({ protocol: z.string(), field: z.string() }) }),
  z.object({ meta: z.object({ key: z.string() }) }),
  z.object({ ct: z.object({ key: z.string() }) }),
  z.object({ fib: z.object({ result: z.string(), flags: z.union([z.string(), z.array(z.string())]) }) }),
  z.object({ "&": z.tuple([z.unknown(), z.number()]) }),
  z.object({ concat: z.array(z.unknown()) }),
]);

/** Value of the left side of a match, or of the key of a map. */
export const valueOf = (expression: unknown, moment: Moment): Value => {
  const found = left.safeParse(expression);
  if (!found.success) return undefined;
  const data = found.data;
  if ("payload" in data) return payload(data.payload.protocol, data.payload.field, moment);
  if ("meta" in data) return meta(data.meta.key, moment);
  if ("ct" in data) return connection(data.ct.key, moment);
  if ("concat" in data) return data.concat.map((part) => valueOf(part, moment));
  if ("&" in data) {
    const value = valueOf(data["&"][0], moment);
    return typeof value === "number" ? (value & data["&"][1]) >>> 0 : undefined;
  }
  const flags = [data.fib.flags].flat().join(" ");
  if (data.fib.result !== "type" || !["daddr", "saddr"].includes(flags)) return undefined;
  return moment.typeOf(flags === "daddr" ? moment.packet.destination : moment.packet.source).toLowerCase();
};

/** What connection tracking knows; of what it does not track it knows nothing but that. */
const connection = (key: string, { packet }: Moment): Value => {
  if (key === "state") return stateOf(packet).toLowerCase();
  if (!packet.isTracked) return key === "status" || key === "direction" ? absent : undefined;
  if (key === "direction") return packet.isReply ? "reply" : "original";
  return key === "status" ? statusOf(packet) : undefined;
};

const payload = (protocol: string, field: string, { packet }: Moment): Value => {
  if (protocol === "ether") return field === "type" ? "ip" : undefined;
  if (protocol === "ip6") return absent;
  if (protocol === "ip") {
    const fields: Readonly<Record<string, Value>> = {
      saddr: packet.source,
      daddr: packet.destination,
      protocol: packet.protocol,
      length: packet.size,
      version: 4,
    };
    return fields[field];
  }
  if (protocol === "icmp") return packet.protocol !== 1 ? absent : field === "type" ? packet.icmpType : undefined;
  if (protocol !== "th" && protocolNumber(protocol) !== packet.protocol) return absent;
  if (protocol === "th" && packet.protocol !== 6 && packet.protocol !== 17) return absent;
  return field === "dport" ? packet.port : field === "sport" ? packet.sourcePort : undefined;
};

const meta = (key: string, { packet, incoming, outgoing }: Moment): Value => {
  const values: Readonly<Record<string, Value>> = {
    iifname: incoming ?? "",
    iif: incoming ?? "",
    oifname: outgoing ?? "",
    oif: outgoing ?? "",
    l4proto: packet.protocol,
    mark: packet.mark,
    nfproto: "ipv4",
    protocol: "ip",
    length: packet.size,
  };
  return values[key];
};

type Sides = { readonly value: Value; readonly right: unknown; readonly sets: Sets };

const comparison = (op: string, { value, right, sets }: Sides): Judged => {
  if (value === undefined) return undefined;
  if (isAbsent(value)) return false;
  if (isFlags(value)) return flagged(op, value, right);
  if (op === "==" || op === "in" || op === "!=") return negated(op === "!=", isOneOf(value, right, sets));
  if (typeof value !== "number" || typeof right !== "number") return undefined;
  switch (op) {
    case "<":
      return value < right;
    case ">":
      return value > right;
    case "<=":
      return value <= right;
    case ">=":
      return value >= right;
    default:
      return undefined;
  }
};

const isFlags = (value: Value): value is Flags => typeof value === "object" && "flags" in value;

export const isAbsent = (value: Value): value is typeof absent => typeof value === "object" && "kind" in value;

const bounds = z.object({ range: z.tuple([z.unknown(), z.unknown()]) });
const prefix = z.object({ prefix: z.object({ addr: z.string(), len: z.number() }) });
const set = z.object({ set: z.array(z.unknown()) });
const concat = z.object({ concat: z.array(z.unknown()) });
const element = z.object({ elem: z.object({ val: z.unknown() }) });

/** Whether a value is what the right side says: a value, a prefix, a range, a list or set of them, or the name of a set. */
export const isOneOf = (value: Value, right: unknown, sets: Sets): Judged => {
  if (value === undefined) return undefined;
  if (typeof right === "string" && right.startsWith("@")) {
    const named = sets.get(right.slice(1));
    return named === undefined ? undefined : anyOf(value, named, sets);
  }
  if (Array.isArray(right)) return anyOf(value, right, sets);
  const many = set.safeParse(right);
  if (many.success) return anyOf(value, many.data.set, sets);
  const wrapped = element.safeParse(right);
  if (wrapped.success) return isOneOf(value, wrapped.data.elem.val, sets);
  const parts = concat.safeParse(right);
  if (parts.success && Array.isArray(value))
    return all(parts.data.concat.map((part, i) => isOneOf((value as readonly Value[])[i], part, sets)));
  return isOne(value, right);
};

const anyOf = (value: Value, elements: readonly unknown[], sets: Sets): Judged => {
  const judged = elements.map((one) => isOneOf(value, one, sets));
  return judged.includes(true) ? true : judged.includes(undefined) ? undefined : false;
};

const isOne = (value: Value, right: unknown): Judged => {
  const net = prefix.safeParse(right);
  if (net.success)
    return typeof value === "string" ? isIn(`${net.data.prefix.addr}/${net.data.prefix.len}`, value) : undefined;
  const range = bounds.safeParse(right);
  if (range.success) {
    const [from, to] = range.data.range;
    return typeof value === "number" && typeof from === "number" && typeof to === "number"
      ? value >= from && value <= to
      : undefined;
  }
  if (typeof right === "number") return typeof value === "number" ? value === right : undefined;
  if (typeof right !== "string") return undefined;
  if (typeof value === "number") return isNamed(value, right);
  return typeof value === "string" ? isText(value, right) : undefined;
};

/** Names that nft prints for numbers: protocols, and types of ICMP messages. */
const isNamed = (value: number, name: string): Judged => {
  const icmp: Readonly<Record<string, number>> = { "echo-request": 8, "echo-reply": 0 };
  const number = icmp[name] ?? protocolNumber(name);
  return number === undefined ? undefined : number === value;
};

/** A star at the end of a device's name stands for anything (nft(8)). */
const isText = (value: string, right: string): boolean =>
  right.endsWith("*") ? value.startsWith(right.slice(0, -1)) : value === right;
