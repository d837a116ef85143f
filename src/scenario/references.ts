import type { Path, Problem } from "../inventory/problem.ts";
import { placeOf } from "./fill.ts";
import { pingOf } from "./check-script.ts";
import type { End, Scenario } from "./scenario.ts";
import type { Written } from "./schema.ts";

/** Names that lead nowhere or stand twice, at where the file has them; pure. */
export const referenceProblems = (written: Written, scenario: Scenario): readonly Problem[] => [
  ...hostProblems(scenario),
  ...namedTwice(scenario),
  ...written.checks.flatMap((check, i) => checkProblems(check, ["checks", i], scenario)),
  ...Object.entries(written.breaks ?? {}).flatMap(([name, { fails, exec }]) => [
    ...fails.flatMap((claim, i) =>
      scenario.checks.some((check) => check.claim === claim)
        ? []
        : [{ path: ["breaks", name, "fails", i], message: "is the claim of no check: write it as it stands there" }],
    ),
    ...(scenario.checks.some((check) => fails.includes(check.claim) && pingOf(check) !== undefined)
      ? []
      : [
          {
            path: ["breaks", name, "fails"],
            message: "needs a check with a ping among them: its way is walked for the cause",
          },
        ]),
    ...(exec ?? []).flatMap((each, i) => unknown(each.in, ["breaks", name, "exec", i, "in"], scenario)),
  ]),
  ...Object.entries(written.topology.nodes).flatMap(([name, node]) =>
    (node?.exec ?? []).flatMap((each, i) => unknown(each.in, ["topology", "nodes", name, "exec", i, "in"], scenario)),
  ),
  ...onlySome(written),
];

const names = ({ nodes }: Scenario): string => nodes.map(({ name }) => name).join(", ");

const unknown = (node: string | undefined, path: Path, scenario: Scenario): readonly Problem[] =>
  node === undefined || scenario.nodes.some(({ name }) => name === node)
    ? []
    : [{ path, message: `no node ${node} (known: ${names(scenario)})` }];

const hostProblems = ({ nodes }: Scenario): readonly Problem[] =>
  nodes.flatMap(({ name, kind }): readonly Problem[] =>
    (name === "host") === (kind === "host")
      ? []
      : [
          {
            path: ["topology", "nodes", name],
            message: "the host's own namespace is the node `host`, and no other",
            at: "key",
          },
        ],
  );

/** The devices that a link brings, with where they are written. */
const endsOf = ({ links }: Scenario): readonly { end: End; path: Path; only: readonly string[] }[] =>
  links.flatMap((link, i) => {
    const path: Path = ["topology", "links", i];
    if ("end" in link) return [{ end: link.end, path: [...path, "endpoint"], only: ["netns", "host"] }];
    const only = link.type === "ipip" ? ["netns", "host"] : ["netns", "host", "bridge", "ovs-bridge"];
    return link.ends.map((end, at) => ({ end, path: [...path, "endpoints", at], only }));
  });

const namedTwice = (scenario: Scenario): readonly Problem[] => {
  const seen = new Map<string, string>();
  const problems: Problem[] = [];
  const kinds = new Map(scenario.nodes.map(({ name, kind }) => [name, kind]));
  for (const { name, kind } of scenario.nodes)
    if (kind === "bridge" || kind === "ovs-bridge") seen.set(`host ${name}`, name);
  for (const { end, path, only } of endsOf(scenario)) {
    problems.push(...unknown(end.node, path, scenario));
    const kind = kinds.get(end.node);
    if (kind !== undefined && !only.includes(kind))
      problems.push({ path, message: `should be in a namespace: ${end.node} is a ${kind}` });
    if ((kind === "bridge" || kind === "ovs-bridge") && end.ipv4 !== undefined)
      problems.push({ path, message: "a bridge's port has no address: give the bridge one (ipv4)" });
    const where = kind === "netns" ? end.node : "host";
    const key = `${where} ${end.interface}`;
    if (seen.has(key))
      problems.push({ path, message: `${end.interface} is there already in ${where}: take another name` });
    seen.set(key, end.interface);
  }
  return problems;
};

const checkProblems = (check: Written["checks"][number], path: Path, scenario: Scenario): readonly Problem[] => {
  const at = (place: string | undefined, ...keys: string[]): readonly Problem[] =>
    place === undefined ? [] : placeProblems(place, [...path, ...keys], scenario);
  return [
    ...unknown(check.in, [...path, "in"], scenario),
    ...unknown(check.ping?.from, [...path, "ping", "from"], scenario),
    ...unknown(check.tcp?.from, [...path, "tcp", "from"], scenario),
    ...unknown(check.tcp?.listener.node, [...path, "tcp", "listener", "node"], scenario),
    ...unknown(check.capture?.ping.from, [...path, "capture", "ping", "from"], scenario),
    ...unknown(check.fdb?.bridge, [...path, "fdb", "bridge"], scenario),
    ...at(check.peer?.of, "peer", "of"),
    ...at(check.peer?.is, "peer", "is"),
    ...at(check.capture?.at, "capture", "at"),
    ...(check.fdb?.has.flatMap((place, i) => placeProblems(place, [...path, "fdb", "has", i], scenario)) ?? []),
  ];
};

const placeProblems = (text: string, path: Path, scenario: Scenario): readonly Problem[] => {
  const place = placeOf(text);
  const node = unknown(place.node, path, scenario);
  if (node.length > 0) return node;
  const devices = ["any", "lo", ...devicesOf(scenario, place.node)];
  return devices.includes(place.interface)
    ? []
    : [{ path, message: `no device ${place.interface} in ${place.node} (known: ${devices.join(", ")})` }];
};

/** Devices that the links bring to a node; the host also has its bridges and their ports. */
const devicesOf = ({ nodes, links }: Scenario, node: string): readonly string[] => {
  const bridges = nodes.filter(({ kind }) => kind === "bridge" || kind === "ovs-bridge").map(({ name }) => name);
  const isIn = (end: End): boolean => end.node === node || (node === "host" && bridges.includes(end.node));
  const ends = links.flatMap((link) => ("ends" in link ? [...link.ends] : [link.end]));
  return [
    ...(node === "host" ? bridges : bridges.includes(node) ? [node] : []),
    ...ends.filter(isIn).map((e) => e.interface),
  ];
};

/** Keys that not every kind of node has. */
const onlySome = (written: Written): readonly Problem[] =>
  Object.entries(written.topology.nodes).flatMap(([name, node]) => {
    const isBridge = node?.kind === "bridge" || node?.kind === "ovs-bridge";
    const wrong = isBridge ? (["routes", "sysctls", "rules"] as const) : (["ipv4"] as const);
    return wrong
      .filter((key) => node?.[key] !== undefined)
      .map((key) => ({
        path: ["topology", "nodes", name, key],
        message: isBridge
          ? "belongs to the host: write it at the node `host`"
          : "belongs to a device: write it at a link's end",
        at: "key" as const,
      }));
  });
