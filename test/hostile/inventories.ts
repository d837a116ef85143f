// Inventories that are right, nearly right, and not at all.
import fc from "fast-check";
import { stringify } from "yaml";
import { hostile } from "./texts.ts";

type Tree = Record<string, unknown>;

const HOSTS = ["h1", "h2", "h3"] as const;
const one = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** Each key one time in five: most of what people write is short. */
const some = (keys: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Tree> =>
  fc
    .record(
      Object.fromEntries(
        Object.entries(keys).map(([key, value]) => [
          key,
          fc.oneof({ weight: 4, arbitrary: one(undefined) }, { weight: 1, arbitrary: value }),
        ]),
      ),
    )
    .map((all) => tree(Object.entries(all).filter(([, value]) => value !== undefined)));
/** What is right nine times in ten. */
const mostly = <T>(right: readonly T[], wrong: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: one(...right) }, { weight: 1, arbitrary: one(...wrong) });
const tree = (entries: readonly (readonly [string, unknown])[]): Tree => Object.fromEntries(entries);
const texts = fc.array(hostile, { maxLength: 3 });
const names = fc.array(one("A", "B_2", "c.d", "constructor", "toString"), { maxLength: 3 });
const pairs = fc.oneof(
  fc.dictionary(
    one("A", "B", "hasOwnProperty", "é"),
    fc.oneof(hostile, one<unknown>(null, true, 1.5, "${SET}", "$$", "${UNSET:-x}")),
    {
      maxKeys: 3,
      noNullPrototype: true,
    },
  ),
  fc.tuple(names, hostile).map(([all, value]) => all.map((name) => `${name}=${value}`)),
);

const ssh = some({
  host: one("10.9.0.1", "a.example", "u@b", "fe80::1", "10.211.55.11"),
  user: one("root", "ops", "${SET}"),
  port: one<unknown>(22, 2222, "${PORT}"),
  identityFile: one("~/.ssh/id", "/a b/c"),
  proxyJump: one("ops@bastion:22", "a,b"),
  strictHostKeyChecking: one("yes", "accept-new", "no"),
});
const host = fc.oneof(
  { weight: 4, arbitrary: one("own") },
  { weight: 1, arbitrary: some({ ssh, become: one("none", "sudo"), address: one("10.211.55.11", "10.9.0.9") }) },
);
const hosts = fc
  .tuple(host, host, host, fc.integer({ min: 1, max: 3 }))
  .map(([a, b, c, n]) =>
    tree([a, b, c].slice(0, n).map((each, i) => [HOSTS[i] ?? "", each === "own" ? `10.211.55.1${i + 1}` : each])),
  );

const network = some({
  prefix: one(24, 24, 20, 29),
  subnets: mostly([{ h1: "172.18.0.0/16" }, { h1: "172.19.3.0/24" }], [{ h9: "172.18.0.0/16" }]),
  existing: mostly([{ h1: "bridge" }], [{ h2: "nowhere" }]),
  hosts: mostly(
    [["h1"]],
    [
      ["h1", "h2"],
      ["h1", "h1"],
    ],
  ),
  plane: one("auto", "route", "ipip", "vxlan", "wireguard"),
  encrypt: one(false, false, true),
  firewall: one("scoped", "flush", "none"),
  masquerade: fc.boolean(),
});
const pool = mostly(["172.30.0.0/16", "172.20.0.0/14"], ["10.211.0.0/16", "172.17.0.0/16", "172.30.0.0/29"]);
const app = fc
  .tuple(pool, one("route", "ipip", "vxlan"), network)
  .map(([range, plane, more]) => ({ pool: range, plane, ...more }));

const service = some({
  command: fc.oneof(texts, one("sleep infinity", "sh -c 'a'")),
  entrypoint: texts,
  environment: pairs,
  labels: pairs,
  volumes: one<unknown>(["data:/data"], ["/srv:/srv:ro", "/cache"], [{ type: "tmpfs", target: "/t" }]),
  ports: one<unknown>(["8080:80"], [80], ["8000-8003:80-83/udp"], [{ target: 80, published: 1, host_ip: "127.0.0.1" }]),
  restart: one("always", "on-failure:3"),
  user: hostile,
  hostname: hostile,
  working_dir: hostile,
  healthcheck: one<unknown>({ test: ["CMD", "x"], interval: "1m30s" }, { disable: true }),
  extra_hosts: pairs,
  sysctls: pairs,
  ulimits: one<unknown>({ nofile: 1024 }, { nofile: { soft: 1, hard: 2 } }),
  mem_limit: mostly<unknown>(["64m", 1024], ["9e9g", "9".repeat(400)]),
  cpus: mostly<unknown>([1.5, "0.5"], ["9".repeat(400), 1e300]),
  logging: one({ driver: "journald" }, { options: { tag: "x" } }),
});
const where = mostly<Tree>(
  [{ host: "h1" }, { hosts: "all" }, { hosts: ["h1"] }],
  [{ host: "h2" }, { host: "h1", ipv4_address: "172.30.2.10" }],
);
const container = fc
  .tuple(service, where)
  .map(([keys, at]) => ({ ...at, network: "app", image: "xhost-lab:1", ...keys }));
const checks = fc.array(
  one<Tree>(
    { from: "c1", to: "c2" },
    { from: "c1@h1", to: "c2@h1", tcp: 80 },
    { from: "c1", to: "c2", http: "http://web/?a=`id`" },
    { from: "c1", to: "nobody" },
  ),
  { maxLength: 2 },
);

/** A tree that is an inventory more often than not. */
const written: fc.Arbitrary<Tree> = fc
  .record(
    {
      name: one("capture", "capture", "capture", "capture", "a-2"),
      defaults: some({ ssh, become: one("sudo") }),
      hosts,
      networks: fc
        .tuple(app, network, fc.nat(4))
        .map(([first, second, n]) =>
          n === 0 ? { app: first, other: { pool: "10.77.0.0/16", ...second } } : { app: first },
        ),
      containers: fc
        .tuple(container, container, fc.nat(2))
        .map(([c1, c2, n]) => tree(Object.entries({ c1, c2 }).slice(0, n))),
      checks: fc.oneof({ weight: 4, arbitrary: one(undefined) }, { weight: 1, arbitrary: checks }),
    },
    { requiredKeys: ["name", "hosts", "networks", "containers"], noNullPrototype: true },
  )
  .map((tree) => Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== undefined)));

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
