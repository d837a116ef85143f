import { cidrOf, contains, parseIp, type Cidr } from "../cidr.ts";
import type { Facts, KernelRoute } from "./facts.ts";
import { ROUTE_PROTOCOL } from "./names.ts";

/** Where packets to an address leave a host. */
export type HostPath = {
  readonly device: string;
  /** Bytes. */
  readonly mtu: number;
  /** Next hop that is not the address itself; undefined on a shared segment. */
  readonly gateway: string | undefined;
  /** Source address the kernel picks. */
  readonly source: string | undefined;
};

/** A route with what is looked at for every address worked out. */
type Candidate = {
  readonly route: KernelRoute;
  readonly cidr: Cidr;
  /** Undefined where it was not seen: the route holds, and where it leads is not known. */
  readonly device: Facts["interfaces"][number] | undefined;
  /** What the route says of every address, where it says the same of all. */
  readonly same: HostPath | undefined;
};

/**
 * What `ip route get` would say on a host, from the main table as observed (longest prefix, then lowest metric: ip-route(8)). Policy
 * routing is not looked at: hosts that need it say their `address` themselves.
 */
export const pathsFrom = (facts: Facts): ((address: string) => HostPath | undefined) => {
  const own = new Map(
    facts.interfaces
      .toReversed()
      .flatMap((device) => device.addresses.map(({ address }) => [address, device] as const)),
  );
  const candidates = facts.routes
    // Routes of ours lead to containers, never to a host.
    .filter((route) => route.protocol !== String(ROUTE_PROTOCOL) && route.device !== undefined)
    .map((route) => candidate(route, facts))
    .sort((a, b) => b.cidr.prefix - a.cidr.prefix || a.route.metric - b.route.metric);
  return (address) => {
    const ip = parseIp(address);
    if (ip === undefined) return undefined;
    const device = own.get(address);
    if (device !== undefined) return { device: device.name, mtu: device.mtu, gateway: undefined, source: address };
    const best = candidates.find(({ cidr }) => contains(cidr, ip));
    return best && (best.same ?? pathBy(best, address));
  };
};

const candidate = (route: KernelRoute, { interfaces }: Facts): Candidate => {
  const device = interfaces.find(({ name }) => name === route.device);
  const found = { route, device, cidr: cidrOf(route.destination) };
  const isSame = route.gateway === undefined && route.source !== undefined;
  return { ...found, same: isSame ? pathBy(found, "") : undefined };
};

const pathBy = ({ route, device }: Omit<Candidate, "same">, address: string): HostPath | undefined => {
  if (device === undefined) return undefined;
  const gateway = route.gateway === address ? undefined : route.gateway;
  const source = route.source ?? sourceFor(device.addresses, gateway ?? address);
  return { device: device.name, mtu: Math.min(device.mtu, route.mtu ?? device.mtu), gateway, source };
};

/** The address of the device whose network has the next hop, else its first one. */
const sourceFor = (addresses: Facts["interfaces"][number]["addresses"], nextHop: string): string | undefined => {
  const ip = parseIp(nextHop) ?? 0;
  const near = addresses.find(
    (a) => Math.floor((parseIp(a.address) ?? 0) / 2 ** (32 - a.prefix)) === Math.floor(ip / 2 ** (32 - a.prefix)),
  );
  return (near ?? addresses[0])?.address;
};
