import type { ContainerDepth, Depth, Space } from "../model/depth.ts";
import { parseDepth } from "../observe/depth.ts";
import { WITHIN } from "../observe/depth-script.ts";
import { lines } from "../observe/script.ts";
import { deciderText, type Hop } from "../walk/hop.ts";
import { request } from "../walk/packet.ts";
import { lookup } from "../walk/route.ts";
import { walkBoth } from "../walk/walk.ts";
import type { Place as Seat, World } from "../walk/world.ts";
import type { Place } from "./guard.ts";
import type { Ping, Scenario } from "./scenario.ts";

/**
 * What drops these pings, there or on the way back, in the words of `xhost trace`: `host: net.ipv4.conf.v1_r.forwarding = 0: what comes in by v1_r
 * is not forwarded`. Reads all that decides about packets in the scenario's namespaces, as doctor does of containers, and walks the packets
 * through it; sends none. Where nothing drops them for sure, what nobody can judge.
 */
export const causeOf = async (host: Place, scenario: Scenario, pings: readonly Ping[]): Promise<readonly string[]> => {
  const namespaces = scenario.nodes.filter(({ kind }) => kind === "netns").map(({ name }) => name);
  const depth = parseDepth(await host.run(spacesScript(namespaces), "look into the namespaces"));
  const world: World = new Map([
    [host.name, { facts: { wireguard: [], containers: [] }, depth: withCables(scenario, depth) }],
  ]);
  const unplugged = await unpluggedEnds(host, scenario, depth);
  const hops = pings.flatMap((ping) => dropsOf(world, host.name, ping));
  // Who is unplugged explains what becomes of packets there.
  const isTold = (hop: Hop): boolean => unplugged.some(({ port }) => hopText(hop).includes(port));
  const [aSwitch] = scenario.nodes.filter(({ kind }) => kind === "ovs-bridge");
  // What Open vSwitch does with a packet that has entered one of its ports, the host's own tables do not tell.
  const isJudged = (hop: Hop): boolean => aSwitch === undefined || hop.container !== undefined;
  const found = [
    ...unplugged.map(({ port, bridge }) => `${host.name}: device ${port}: it is no port of ${bridge}`),
    ...new Set(hops.filter((hop) => isJudged(hop) && !isTold(hop)).map(hopText)),
  ];
  return found.length > 0 || aSwitch === undefined
    ? found
    : [
        `${host.name}: switch ${aSwitch.name}: what its flows do with a packet only it can tell: ovs-ofctl dump-flows ${aSwitch.name}`,
      ];
};

type Unplugged = { readonly port: string; readonly bridge: string };

/** Ends of cables that the scenario has as ports of a bridge or a switch of Open vSwitch, and that are none. */
const unpluggedEnds = async (
  host: Place,
  { nodes, links }: Scenario,
  { own }: Depth,
): Promise<readonly Unplugged[]> => {
  const named = (wanted: string): readonly string[] =>
    nodes.filter(({ kind }) => kind === wanted).map(({ name }) => name);
  const switches = named("ovs-bridge");
  const script = switches.map((name) => `ovs-vsctl list-ports ${name} | sed "s|^|${name} |"`).join("\n");
  const ports = new Set(switches.length === 0 ? [] : lines(await host.run(script, "ask Open vSwitch for its ports")));
  for (const { name, master } of own.links) ports.add(`${master ?? ""} ${name}`);
  const bridges = [...switches, ...named("bridge")];
  return links
    .flatMap((link) => (link.type === "veth" ? [...link.ends] : []))
    .filter((end) => bridges.includes(end.node) && !ports.has(`${end.node} ${end.interface}`))
    .map((end) => ({ port: end.interface, bridge: end.node }));
};

/** What `DEEP_SCRIPT` prints of containers, of named network namespaces. */
const spacesScript = (namespaces: readonly string[]): string =>
  [
    ...WITHIN,
    `failed=; within 0 space own`,
    ...namespaces.map((name) =>
      [
        `section container; echo "${name} 0"`,
        `nsenter --net=/run/netns/${name} sh -c "$functions`,
        `space ${name}" 2>/dev/null`,
      ].join("\n"),
    ),
    `:`,
  ].join("\n");

/** Both ends of a veth in namespaces tell no more than numbers, which may be alike: the scenario's own links say whose they are. */
const withCables = ({ nodes, links }: Scenario, depth: Depth): Depth => {
  const isAway = (node: string): boolean => nodes.some(({ name, kind }) => name === node && kind === "netns");
  const containers = [...depth.containers].map(([id, seen]): [string, ContainerDepth] => {
    const neighbours = links.flatMap((link) => {
      if (link.type !== "veth") return [];
      const at = link.ends.findIndex(({ node }) => node === id);
      const [here, there] = [link.ends[at], link.ends[1 - at]];
      if (here === undefined || there === undefined || !isAway(there.node)) return [];
      return [[here.interface, { container: there.node, device: there.interface }] as const];
    });
    return [id, { ...seen, neighbours: new Map(neighbours) }];
  });
  return { ...depth, containers: new Map(containers) };
};

/** The first hop that drops it there, else on the way back; else all that may. */
const dropsOf = (world: World, host: string, { from, to, size }: Ping): readonly Hop[] => {
  const depth = world.get(host)?.depth;
  const seat: Seat = { host, container: depth?.containers.has(from) === true ? from : undefined };
  const space = seat.container === undefined ? depth?.own : depth?.containers.get(from)?.space;
  if (space === undefined) return [];
  const packet = request({
    source: sourceOf(space, to),
    destination: to,
    ...(size !== undefined && { size: size + 28 }),
  });
  const { there, back } = walkBoth(world, { from: seat, packet });
  const hops = [...there.hops, ...(back?.hops ?? [])];
  const drop = hops.find(({ verdict }) => verdict === "drops");
  return drop === undefined ? hops.filter(({ verdict }) => verdict === "unknown") : [drop];
};

const hopText = (hop: Hop): string => `${hop.container ?? hop.host}: ${deciderText(hop.decides)}: ${hop.why}`;

/** As the kernel picks it: the route's own, else the first address of the device that it leads to. */
const sourceOf = (space: Space, destination: string): string => {
  const { route } = lookup(space, { source: "0.0.0.0", destination, mark: 0, incoming: "lo" });
  const device = space.links.find(({ name }) => name === route?.device);
  return (
    route?.source ?? device?.addresses[0]?.address ?? space.links.flatMap((l) => l.addresses)[0]?.address ?? "0.0.0.0"
  );
};
