// Inventories that are right, nearly right, and not at all.
import fc from "fast-check";
import { stringify } from "yaml";
import { hostile } from "./texts.ts";
import { one, written, type Tree } from "./written.ts";

/** What stands where something else should. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  hostile,
  fc.anything({ maxDepth: 2, withBigInt: true, withDate: true, key: hostile }),
  one<unknown>(
    null,
    -1,
    0,
    1e308,
    -0,
    NaN,
    Infinity,
    2 ** 53,
    "0x10",
    "1e3",
    "~",
    "yes",
    [],
    {},
    [[]],
    [null],
    "${",
    "${A",
    "${A-b}",
    "${UNSET}",
    "$$$",
  ),
  one<unknown>(
    "0.0.0.0/0",
    "255.255.255.255/32",
    "172.30.0.0/33",
    "1.2.3",
    "::1",
    "10.0.0.0/-1",
    "x".repeat(5000),
    "\0",
    "\ud800",
    "h1@h2@h3",
  ),
);
const oddKey = fc.oneof(
  hostile,
  one(
    "__proto__",
    "constructor",
    "<<",
    "toString",
    "",
    "ssh",
    "host",
    "hosts",
    "*a",
    "\0",
    "1",
    "null",
    "c1.xhost-old",
  ),
);

type Mutation = {
  readonly at: number;
  readonly how: "drop" | "replace" | "rename" | "add" | "copy";
  readonly value: unknown;
  readonly key: string;
};
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  how: one("drop", "replace", "rename", "add", "copy"),
  value: odd,
  key: oddKey,
});

/** Changes one place of a tree, whichever it is. */
const mutated = (tree: Tree, { at, how, value, key }: Mutation): Tree => {
  const copy = structuredClone(tree);
  const places: { parent: Tree; name: string }[] = [];
  const seen = new Set<unknown>();
  const collect = (node: unknown): void => {
    if (typeof node !== "object" || node === null || seen.has(node)) return;
    seen.add(node);
    for (const name of Object.keys(node)) {
      places.push({ parent: node as Tree, name });
      collect((node as Tree)[name]);
    }
  };
  collect(copy);
  const place = places[at % Math.max(places.length, 1)];
  if (place === undefined) return copy;
  const { parent, name } = place;
  const put = (as: string, what: unknown): void =>
    void Object.defineProperty(parent, as, { value: what, enumerable: true, configurable: true, writable: true });
  if (Array.isArray(parent)) (parent as unknown[])[Number(name)] = value;
  else if (how === "add") put(key, value);
  else if (how === "replace") put(name, value);
  else if (how === "copy") put(name, places[(at >> 8) % places.length]?.parent);
  else {
    if (how === "rename") put(key, parent[name]);
    Reflect.deleteProperty(parent, name);
  }
  return copy;
};

/** As YAML or JSON; what neither can say is left as text. */
const asText = (tree: Tree, style: "yaml" | "flow" | "json"): string => {
  try {
    if (style === "json") return JSON.stringify(tree, (_, v: unknown) => (typeof v === "bigint" ? `${v}` : v));
    return stringify(tree, { collectionStyle: style === "flow" ? "flow" : "any", aliasDuplicateObjects: true });
  } catch {
    return Object.keys(tree).join(":\n");
  }
};

const TOKENS = [
  ...[
    "&a ",
    "*a",
    "<<: *a\n",
    "!!binary ",
    "!!js/function ",
    "!<x> ",
    "? ",
    ": ",
    "- ",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "\ufeff",
    "\t",
    "\r\n",
  ],
  ...[
    "|\n",
    ">-\n",
    "{",
    "}",
    "[",
    "]",
    "'",
    '"',
    "#",
    ",",
    "\\",
    "@",
    "`",
    "\0",
    "\u2028",
    "\n",
    "hosts:\n",
    "name: b\n",
    "null",
    "${X}",
    "? [a, b]\n: c\n",
  ],
  ...[
    "__proto__: { a: b }\n",
    "a: &x [*x]\n",
    "x: &x [a,a]\ny: &y [*x,*x,*x,*x,*x,*x,*x,*x]\nz: [*y,*y,*y,*y,*y,*y,*y,*y,*y,*y,*y,*y,*y,*y]\n",
  ],
] as const;
type Scratch = { readonly at: number; readonly cut: number; readonly token: string };
const scratch: fc.Arbitrary<Scratch> = fc.record({
  at: fc.nat(),
  cut: one(0, 0, 0, 1, 5, 40),
  token: fc.oneof(one(...TOKENS), hostile),
});

const scratched = (text: string, { at, cut, token }: Scratch): string => {
  // Mostly at the beginning of a line or behind a colon, where it means most.
  const spots = [...text.matchAll(/^ *|: ?|$/gm)].map((match) => match.index + match[0].length);
  const spot = at % 4 === 0 ? at % (text.length + 1) : (spots[at % spots.length] ?? 0);
  return text.slice(0, spot) + token + text.slice(spot + cut);
};

const few = <T>(each: fc.Arbitrary<T>, most: number): fc.Arbitrary<T[]> =>
  fc.array(each, { maxLength: most, size: "max" });
const styles = one<"yaml" | "flow" | "json">("yaml", "yaml", "flow", "json");

/** The text of a file that somebody may call an inventory. */
export const inventoryText: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(written, styles).map(([tree, style]) => asText(tree, style)) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(written, few(mutation, 3), styles)
      .map(([tree, all, style]) => asText(all.reduce(mutated, tree), style)),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(written, styles, few(scratch, 3))
      .map(([tree, style, all]) => all.reduce(scratched, asText(tree, style))),
  },
  {
    weight: 1,
    arbitrary: few(fc.oneof(one(...TOKENS), hostile, one("name: demo\n", "hosts: { h1: 10.0.0.1 }\n")), 12).map((all) =>
      all.join(""),
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
);
