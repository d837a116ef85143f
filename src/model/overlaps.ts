import { cidrOf, contains, overlaps, type Cidr } from "../cidr.ts";
import { adopted, type Fabric } from "./fabric.ts";
import type { Facts, KernelRoute } from "./facts.ts";
import { orphanBridges } from "./orphans.ts";
import { PROJECT_LABEL, ROUTE_PROTOCOL, routeMetric } from "./names.ts";

/** An adopted network's range against the blocks of the inventory's own networks, which the file alone cannot tell. */
export const adoptedConflicts = (fabric: Fabric, host: string, facts: Facts): readonly string[] =>
  fabric.inventory.networks.flatMap((network) => {
    const docker = adopted(network, host, facts);
    return (docker?.subnets ?? []).flatMap((subnet) =>
      fabric.inventory.networks
        .filter((other) => other.name !== network.name)
        .flatMap((other) => fabric.blocks.get(other.name) ?? [])
        .filter(({ cidr }) => overlaps(cidrOf(subnet), cidr))
        .map(
          ({ network: other, at, subnet: theirs }) =>
            `network ${network.name}: ${subnet} of the adopted ${docker?.name ?? ""} overlaps ${theirs} of ${other} on ${at}: choose another pool or subnet for ${other}`,
        ),
    );
  });

/** Subnets of the fabric that meet something that is on the host already and not this project's; a line for each clash. */
export const overlapConflicts = (fabric: Fabric, host: string, facts: Facts): readonly string[] =>
  overlapsOn(fabric, host, facts).map(({ text }) => text);

/** A clash of addresses: the foreign thing, whose subnet of which hosts it meets, and all of it in words. */
export type Overlap = {
  readonly range: ForeignRange;
  readonly hosts: readonly string[];
  readonly text: string;
  /** What to do about it in the inventory. */
  readonly advice: string;
};

/** Subnets of the fabric that meet something that is on the host already and not this project's, by the foreign thing. */
export const overlapsOn = (fabric: Fabric, host: string, facts: Facts): readonly Overlap[] =>
  fabric.inventory.networks
    .filter((n) => n.blocks.has(host))
    .flatMap((network) => {
      const all = fabric.blocks.get(network.name) ?? [];
      const own = adopted(network, host, facts) !== undefined;
      return foreignRanges(fabric, host, facts).flatMap((range): Overlap[] => {
        const clashing = all
          .filter(({ cidr }) => overlaps(range.cidr, cidr))
          .filter(({ at }) => at !== host || !own || range.adopted === undefined);
        const [first] = [...clashing].sort((a, b) => Number(b.at === host) - Number(a.at === host));
        if (first === undefined) return [];
        const whose = first.at === host ? `${first.subnet}, its block here,` : `${first.subnet} of ${first.at}`;
        const more = clashing.length > 1 ? ` (and ${clashing.length - 1} more of its blocks)` : "";
        const advice = remedy(network.pool, first.at === host);
        const text = `network ${network.name}: ${whose} overlaps ${range.what}${more}: ${advice}${removalOf(fabric, range)}`;
        return [{ range, hosts: clashing.map(({ at }) => at), text, advice }];
      });
    });

/**
 * Whether a route is about addresses of the fabric alone: it lies within one block, and no address of a device has brought it along
 * (rtnetlink(7), RTPROT_KERNEL). A wider one is a LAN's or a VPN's.
 */
export const isWithin = (fabric: Fabric, { destination, protocol, gateway, device }: KernelRoute): boolean => {
  const cidr = cidrOf(destination);
  const isConnected = protocol === "2" && gateway === undefined && device !== undefined;
  const blocks = [...fabric.blocks.values()].flat();
  return !isConnected && blocks.some((block) => block.cidr.prefix <= cidr.prefix && contains(block.cidr, cidr.base));
};

const removalOf = (fabric: Fabric, { of }: ForeignRange): string =>
  "route" in of && isWithin(fabric, of.route)
    ? `, or remove it if nobody needs it (${deletionOf(of.route).join(" ")})`
    : "";

const remedy = (pool: string | undefined, here: boolean): string =>
  pool !== undefined
    ? "choose another pool"
    : here
      ? "choose another subnet"
      : "two networks with the same addresses cannot reach each other; give one of them another subnet (for Docker's default bridge: `bip` in daemon.json), or adopt a network of another range";

/** Addresses that a Docker network or a route of somebody else has. */
export type ForeignRange = {
  readonly cidr: Cidr;
  readonly what: string;
  readonly adopted?: string;
  readonly of: { readonly network: string } | { readonly route: KernelRoute };
};

const wayOf = ({ gateway, device }: KernelRoute): readonly string[] => [
  ...(gateway === undefined ? [] : ["via", gateway]),
  ...(device === undefined ? [] : ["dev", device]),
];

/**
 * The words of `ip route del` for one route and no other: of several with the same way the kernel takes the first that all words fit, and
 * without protocol and metric the next one, which may be ours (fib_table_delete, net/ipv4/fib_trie.c). `ip` shows no protocol where it is boot.
 */
export const deletionOf = (route: KernelRoute): readonly string[] => [
  ...["ip", "route", "del", route.destination, ...wayOf(route)],
  ...(route.destination.endsWith("/32") ? [] : ["proto", route.protocol === "" ? "boot" : route.protocol]),
  ...(route.metric === 0 ? [] : ["metric", String(route.metric)]),
];

/** Also the two halves by which VPNs cover the default route without replacing it. */
const isDefault = (destination: string): boolean => cidrOf(destination).prefix <= 1;

const foreignRanges = (fabric: Fabric, host: string, facts: Facts): readonly ForeignRange[] => {
  const project = fabric.inventory.name;
  const adoptedNames = fabric.inventory.networks.flatMap((n) => adopted(n, host, facts)?.name ?? []);
  const networks = facts.networks
    .filter((n) => n.labels[PROJECT_LABEL] !== project)
    .flatMap((n) =>
      n.subnets.map((subnet): ForeignRange => ({
        cidr: cidrOf(subnet),
        what: `the Docker network ${n.name} (${subnet}) on this host`,
        of: { network: n.name },
        ...(adoptedNames.includes(n.name) && { adopted: n.name }),
      })),
    );
  const bridges = new Set([...facts.networks.map((n) => n.bridge), ...orphanBridges(fabric, host, facts)]);
  const routes = facts.routes
    .filter((r) => !isDefault(r.destination) && !bridges.has(r.device ?? ""))
    .filter((r) => r.protocol !== String(ROUTE_PROTOCOL) || r.metric !== routeMetric(project))
    .map((r): ForeignRange => {
      const way =
        r.gateway === undefined && r.device === undefined
          ? "that leads nowhere (blackhole and its kin)"
          : wayOf(r).join(" ");
      return { cidr: cidrOf(r.destination), what: `the route ${r.destination} ${way} on this host`, of: { route: r } };
    });
  return [...networks, ...routes];
};
