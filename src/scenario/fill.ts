import type { Break, Check, End, Exec, Link, Node, Place, Probe, Scenario } from "./scenario.ts";
import type { Written } from "./schema.ts";

/** The scenario with its defaults, from what the schema has taken; pure. */
export const fill = (written: Written, file: string): Scenario => {
  const { name, title, about, needs, topology, checks, breaks } = written;
  const nodes = Object.entries(topology.nodes).map(([node, keys]) => nodeOf(node, keys ?? {}));
  return {
    ...{ file, name, title, about },
    needs: { modules: needs?.modules ?? [], programs: needs?.programs ?? [] },
    nodes: nodes.some(({ name: node }) => node === "host") ? nodes : [...nodes, nodeOf("host", {})],
    links: (topology.links ?? []).map(linkOf),
    checks: checks.map(checkOf),
    breaks: Object.entries(breaks ?? {}).map(
      ([word, { title: what, modules, fails, cause, sysctls, rules, exec }]): Break => ({
        ...{ name: word, title: what, modules: modules ?? [], fails, cause },
        host: nodeOf("host", { sysctls, rules, exec }),
      }),
    ),
  };
};

/** `ns1:veth0`. */
export const placeOf = (text: string): Place => {
  const at = text.indexOf(":");
  return { node: text.slice(0, at), interface: text.slice(at + 1) };
};

type WrittenNode = NonNullable<Written["topology"]["nodes"][string]>;
type WrittenLink = NonNullable<Written["topology"]["links"]>[number];
type WrittenExec = NonNullable<WrittenNode["exec"]>[number];
type WrittenEnd = string | { node: string; interface: string; ipv4?: string | undefined; mac?: string | undefined };

const nodeOf = (name: string, keys: WrittenNode): Node => ({
  name,
  kind: keys.kind ?? (name === "host" ? "host" : "netns"),
  ipv4: keys.ipv4,
  routes: (keys.routes ?? []).map(({ to, via, dev, why }) => ({ to, via, device: dev, why })),
  sysctls: new Map(Object.entries(keys.sysctls ?? {})),
  rules: (keys.rules ?? []).map((each) =>
    typeof each === "string" ? { text: each, why: undefined } : { text: each.rule, why: each.why },
  ),
  exec: (keys.exec ?? []).map((each) => execOf(each, name)),
});

const execOf = ({ in: node, run, undo, why }: WrittenExec, here: string): Exec => ({
  in: node ?? here,
  run,
  undo,
  why,
});

const endOf = (written: WrittenEnd): End =>
  typeof written === "string"
    ? { ...placeOf(written), ipv4: undefined, mac: undefined }
    : { node: written.node, interface: written.interface, ipv4: written.ipv4, mac: written.mac };

const linkOf = (link: WrittenLink): Link => {
  if ("endpoint" in link) return { type: link.type, end: endOf(link.endpoint), mtu: link.mtu };
  if (link.type === "ipip") {
    const [one, other] = link.endpoints;
    return {
      type: "ipip",
      ends: [
        { ...one, mac: one.mac },
        { ...other, mac: other.mac },
      ],
      mtu: link.mtu,
    };
  }
  const [one, other] = link.endpoints;
  return { type: "veth", ends: [endOf(one), endOf(other)], mtu: link.mtu, inPlace: link.inPlace ?? false };
};

type WrittenCheck = Written["checks"][number];

const checkOf = (check: WrittenCheck): Check => ({
  claim: check.claim,
  expect: check.expect ?? "passes",
  ...probeOf(check),
});

const probeOf = ({ ping, tcp, run, in: node, matches, lacks, peer, capture, fdb }: WrittenCheck): Probe => {
  if (ping !== undefined) return { kind: "ping", ping: { ...ping, ttl: ping.ttl, size: ping.size } };
  if (tcp !== undefined) return { kind: "tcp", tcp: { ...tcp, seenFrom: tcp.seenFrom } };
  if (run !== undefined) return { kind: "run", in: node ?? "host", run, matches, lacks };
  if (peer !== undefined) return { kind: "peer", of: placeOf(peer.of), is: placeOf(peer.is) };
  if (capture !== undefined) {
    const { at, filter, ping: during, sees } = capture;
    return {
      kind: "capture",
      at: placeOf(at),
      filter,
      during: { ...during, ttl: during.ttl, size: during.size },
      sees,
    };
  }
  if (fdb !== undefined) return { kind: "fdb", bridge: fdb.bridge, has: fdb.has.map(placeOf) };
  throw new TypeError("a check without a probe passed the schema");
};
