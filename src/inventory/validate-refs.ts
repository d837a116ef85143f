import { hostsOf } from "./placement.ts";
import type { Path, Problem } from "./problem.ts";
import type { Written } from "./schema.ts";

/** Names that nothing in the file has, and checks that point nowhere. */
export const referenceProblems = (written: Written): readonly Problem[] => {
  const hosts = Object.keys(written.hosts);
  const networks = Object.entries(written.networks ?? {});
  const containers = Object.entries(written.containers ?? {});
  return [
    ...networks.flatMap(([name, n]) => [
      ...(n.hosts ?? []).flatMap((host, i) => unknown("host", host, hosts, ["networks", name, "hosts", i])),
      ...twice(n.hosts ?? [], ["networks", name, "hosts"]),
      ...(["subnets", "existing"] as const).flatMap((key) =>
        Object.keys(n[key] ?? {}).flatMap((host) => [
          ...unknown("host", host, hosts, ["networks", name, key, host], "key"),
          ...(hosts.includes(host) && n.hosts !== undefined && !n.hosts.includes(host)
            ? [
                {
                  path: ["networks", name, key, host],
                  message: `${host} is not one of the network's hosts`,
                  at: "key",
                } as const,
              ]
            : []),
        ]),
      ),
    ]),
    ...containers.flatMap(([name, c]) => containerProblems(name, c, { hosts, networks: new Map(networks) })),
    ...checkProblems(written),
  ];
};

/** As `retiredName` of model/names.ts, which this folder may not import. */
const RETIRED = ".xhost-old";

type WrittenContainer = NonNullable<Written["containers"]>[string];
type WrittenNetwork = NonNullable<Written["networks"]>[string];

const containerProblems = (
  name: string,
  container: WrittenContainer,
  known: { hosts: readonly string[]; networks: ReadonlyMap<string, WrittenNetwork> },
): readonly Problem[] => {
  const path = ["containers", name];
  const { host, hosts, network } = container;
  if ((host === undefined) === (hosts === undefined))
    return [{ path, message: "should have either host or hosts", at: "key" }];
  const on = hostsOf(container, known.hosts);
  const place = (i: number): Path =>
    host !== undefined ? [...path, "host"] : hosts === "all" ? [...path, "hosts"] : [...path, "hosts", i];
  const its = known.networks.get(network)?.hosts ?? known.hosts;
  return [
    ...(name.endsWith(RETIRED)
      ? [
          {
            path,
            message: `should not end in ${RETIRED}: that is what a container is called while it is replaced`,
            at: "key",
          } as const,
        ]
      : []),
    ...unknown("network", network, [...known.networks.keys()], [...path, "network"]),
    ...on.flatMap((h, i) => unknown("host", h, known.hosts, place(i))),
    ...(Array.isArray(hosts) ? twice(hosts, [...path, "hosts"]) : []),
    ...on.flatMap((h, i) =>
      known.hosts.includes(h) && !its.includes(h)
        ? [{ path: place(i), message: `network ${network} is not on ${h}` }]
        : [],
    ),
    ...(container.ipv4_address !== undefined && on.length > 1
      ? [{ path: [...path, "ipv4_address"], message: "is for a container on a single host; this one runs on several" }]
      : []),
  ];
};

const checkProblems = (written: Written): readonly Problem[] =>
  (written.checks ?? []).flatMap((check, i) => [
    ...(["from", "to"] as const).flatMap((end) => refProblems(check[end], written, ["checks", i, end])),
    ...(check.from === check.to
      ? [{ path: ["checks", i, "to"], message: `is ${check.from} itself: a check needs two containers` }]
      : []),
    ...apart(check, written, i),
    ...(check.tcp !== undefined && check.http !== undefined
      ? [{ path: ["checks", i, "http"], message: "should not stand beside tcp: write two checks", at: "key" } as const]
      : []),
    ...(check.status !== undefined && check.http === undefined
      ? [{ path: ["checks", i, "status"], message: "goes with http", at: "key" } as const]
      : []),
    ...(check.http !== undefined && !URL.canParse(check.http)
      ? [{ path: ["checks", i, "http"], message: "should be a URL such as http://web:8080/path" }]
      : []),
  ]);

/** Nothing is opened between networks, so that such a check could only fail. */
const apart = ({ from, to }: { from: string; to: string }, written: Written, i: number): readonly Problem[] => {
  const all = new Map(Object.entries(written.containers ?? {}));
  const [a, b] = [from, to].map((ref) => all.get(ref.split("@")[0] ?? "")?.network);
  if (a === undefined || b === undefined || a === b) return [];
  return [
    { path: ["checks", i], message: `${from} is on network ${a} and ${to} on ${b}: networks do not reach each other` },
  ];
};

const refProblems = (ref: string, written: Written, path: Path): readonly Problem[] => {
  const [name = "", host] = ref.split("@");
  const container = new Map(Object.entries(written.containers ?? {})).get(name);
  if (container === undefined) return unknown("container", name, Object.keys(written.containers ?? {}), path);
  if (host === undefined) return [];
  const on = hostsOf(container, Object.keys(written.hosts));
  return on.includes(host) ? [] : [{ path, message: `${name} does not run on ${host}` }];
};

const unknown = (kind: string, name: string, known: readonly string[], path: Path, at?: "key"): readonly Problem[] => {
  if (known.includes(name)) return [];
  const list =
    known.length === 0 ? "there is none" : `known: ${known.slice(0, 12).join(", ")}${known.length > 12 ? ", ..." : ""}`;
  return [{ path, message: `no ${kind} named ${name} (${list})`, ...(at && { at }) }];
};

const twice = (names: readonly string[], path: Path): readonly Problem[] =>
  names.flatMap((name, i) =>
    names.indexOf(name) < i ? [{ path: [...path, i], message: `${name} is named twice` }] : [],
  );
