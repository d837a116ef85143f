import { contains, formatCidr, overlaps, parseCidr, parseIp, size, type Cidr } from "../cidr.ts";
import { XhostError } from "../errors.ts";
import { lines } from "../observe/script.ts";
import type { Build } from "./build.ts";
import type { Place } from "./guard.ts";
import type { Scenario } from "./scenario.ts";

/**
 * Throws a CONFLICT error that names what stands already under a name or an address that the scenario would take, and what its networks would
 * cover: the host's own addresses, its routers, whoever is logged in. Nothing is touched.
 */
export const refuseTaken = async (host: Place, scenario: Scenario, { names }: Build): Promise<void> => {
  const script = [
    ...names.namespaces.map((name) => `test ! -e /run/netns/${name} || echo "taken the network namespace ${name}"`),
    ...names.links.map((name) => `test ! -e /sys/class/net/${name} || echo "taken the device ${name}"`),
    ...names.ovsBridges.map(
      (name) =>
        `! ovs-vsctl --timeout=5 br-exists ${name} 2>/dev/null || echo "taken the switch ${name} of Open vSwitch"`,
    ),
    `for d in /run/xhost/scenario/*/; do s=\${d%/}; s=\${s##*/}; test ! -d $d || test $s = ${scenario.name} || echo "other $s"; done`,
    `ip -4 route show | sed 's/^/route /'`,
    `set -- $1; test -z "$1" || echo "address $1 the other end of the SSH connection"`,
    `ip -o -4 address | sed -n 's|.* inet \\([0-9.]*\\).*|address \\1 the host itself|p'`,
    `ip -4 route show | sed -n 's/.* via \\([0-9.]*\\).*/address \\1 a router of the host/p'`,
    `ip -4 neigh show | sed -n '/FAILED/!s/^\\([0-9.]*\\) .*/address \\1 a neighbour that the host talks to/p'`,
    `ss -Htn state established '( sport = :22 )' 2>/dev/null | sed -n 's/.* \\([0-9.]*\\):[0-9]* *$/address \\1 somebody else who is logged in/p'`,
    `sed -n 's/^nameserver *\\([0-9.]*\\).*/address \\1 a name server of the host/p' /etc/resolv.conf 2>/dev/null`,
  ].join("\n");
  const said = lines(await host.run(`${script}\n:`, "look for names that are taken"));
  const of = (word: string): readonly string[] =>
    said.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trimEnd());
  // Of an address that is several things the first one is told.
  const addresses = [
    ...new Map(
      of("address")
        .toReversed()
        .map((each) => [each.split(" ")[0], each]),
    ).values(),
  ];
  const taken = [...new Set([...of("taken"), ...clashes(scenario, { routes: of("route"), addresses })])];
  if (taken.length === 0) return;
  const text = `scenario ${scenario.name}: nothing was touched, because this is in the way:`;
  const moved = movedDevices(scenario).filter((device) => taken.includes(`the device ${device}`));
  const hints = [
    ...of("other").map(
      (other) => `the scenario ${other} is kept or being run here: xhost scenario clean ${other} takes it back`,
    ),
    ...moved.map(
      (device) =>
        `${device} is made on the host and then moved; with \`inPlace: true\` its link is made where it belongs`,
    ),
  ];
  throw new XhostError("CONFLICT", [text, ...taken.map((what) => `  ${what}`), ...hints].join("\n"), {
    host: host.name,
  });
};

/** Ends of cables that are in the host's namespace only until they are moved. */
const movedDevices = ({ nodes, links }: Scenario): readonly string[] =>
  links.flatMap((link) =>
    link.type === "veth" && !link.inPlace
      ? link.ends
          .filter(({ node }) => nodes.some(({ name, kind }) => name === node && kind === "netns"))
          .map((end) => end.interface)
      : [],
  );

type Standing = {
  /** Lines of `ip route`. */
  readonly routes: readonly string[];
  /** Those that have to stay reachable where they are, each with whose it is. */
  readonly addresses: readonly string[];
};

/**
 * What the scenario's networks would get in the way of; pure. A route to the same network, or to a part of it, is one: the kernel would take
 * either. A wider one is none, as long as nobody lives in the part.
 */
export const clashes = (scenario: Scenario, { routes, addresses }: Standing): readonly string[] =>
  networksOf(scenario).flatMap((network) => [
    ...routes
      .filter((line) => {
        const to = cidrOfRoute(line);
        return to !== undefined && to.prefix >= network.prefix && overlaps(network, to);
      })
      .map((line) => `the route ${line}`),
    ...addresses.flatMap((line) => {
      const [address = "", ...whose] = line.split(" ");
      const ip = parseIp(address);
      return ip !== undefined && contains(network, ip)
        ? [`${address}, ${whose.join(" ")}, is in ${formatCidr(network)}`]
        : [];
    }),
  ]);

/** `10.1.1.0/24 dev v1 ...`, `10.1.1.7 via ...`, `blackhole 10.0.0.0/8`; the default route is nobody's network. */
const cidrOfRoute = (line: string): Cidr | undefined => {
  const [first = "", second = ""] = line.split(" ");
  const to = /^\d/.test(first) ? first : second;
  return parseCidr(to.includes("/") ? to : `${to}/32`);
};

/** Networks that are going to be reached from the host's own namespace. */
const networksOf = ({ nodes, links }: Scenario): readonly Cidr[] => {
  const isAway = (node: string): boolean => nodes.some(({ name, kind }) => name === node && kind === "netns");
  const ends = links.flatMap((link) => {
    if ("end" in link) return [{ node: link.end.node, addresses: [link.end.ipv4] }];
    if (link.type === "veth") return link.ends.map((end) => ({ node: end.node, addresses: [end.ipv4] }));
    return link.ends.map((end) => ({ node: end.node, addresses: [end.ipv4, end.peer] }));
  });
  const texts = [
    ...ends.filter(({ node }) => !isAway(node)).flatMap(({ addresses }) => addresses),
    ...nodes.filter(({ name }) => !isAway(name)).flatMap(({ ipv4, routes }) => [ipv4, ...routes.map(({ to }) => to)]),
  ];
  const all = texts.flatMap((text) => (text === undefined ? [] : [networkOf(text)]));
  return all.filter((network, i) => all.findIndex((other) => formatCidr(other) === formatCidr(network)) === i);
};

/** The network of an address with its prefix length; of `default` all addresses. */
const networkOf = (text: string): Cidr => {
  const [address = "", prefix = "32"] = (text === "default" ? "0.0.0.0/0" : text).split("/");
  const wide = { base: 0, prefix: Number(prefix) };
  const ip = parseIp(address) ?? 0;
  return { base: ip - (ip % size(wide)), prefix: wide.prefix };
};
