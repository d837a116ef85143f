// Inventories as people write them, right more often than not.
import fc from "fast-check";
import { hostile } from "./texts.ts";

export type Tree = Record<string, unknown>;

const HOSTS = ["h1", "h2", "h3"] as const;
/** One of these. */
export const one = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
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
export const written: fc.Arbitrary<Tree> = fc
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
