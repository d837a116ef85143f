import { cidrOf, contains, parseIp } from "../cidr.ts";
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

/**
 * What `ip route get` would say on a host, from the main table as observed (longest prefix, then lowest metric: ip-route(8)). Policy
 * routing is not looked at: hosts that need it say their `address` themselves. An answer is worked out once.
 */
export const pathsFrom = (facts: Facts): ((address: string) => HostPath | undefined) => {
  // Routes of ours lead to containers, never to a host.
  const routes = facts.routes.filter((r) => r.protocol !== String(ROUTE_PROTOCOL) && r.device !== undefined);
  const known = new Map<string, HostPath | undefined>();
  return (address) => {
    if (!known.has(address)) known.set(address, pathTo(facts, routes, address));
    return known.get(address);
  };
};

const pathTo = (facts: Facts, routes: readonly KernelRoute[], address: string): HostPath | undefined => {
  const ip = parseIp(address);
  if (ip === undefined) return undefined;
  const own = facts.interfaces.find((i) => i.addresses.some((a) => a.address === address));
  if (own !== undefined) return { device: own.name, mtu: own.mtu, gateway: undefined, source: address };
  const best = routes
    .filter((r) => contains(cidrOf(r.destination), ip))
    .reduce<KernelRoute | undefined>((a, b) => (a === undefined || better(b, a) ? b : a), undefined);
  const device = facts.interfaces.find((i) => i.name === best?.device);
  if (best === undefined || device === undefined) return undefined;
  const gateway = best.gateway === address ? undefined : best.gateway;
  return {
    device: device.name,
    mtu: Math.min(device.mtu, best.mtu ?? device.mtu),
    gateway,
    source: best.source ?? sourceFor(device.addresses, gateway ?? address),
  };
};

const prefixOf = (route: KernelRoute): number => cidrOf(route.destination).prefix;
const better = (a: KernelRoute, b: KernelRoute): boolean =>
  prefixOf(a) > prefixOf(b) || (prefixOf(a) === prefixOf(b) && a.metric < b.metric);

/** The address of the device whose network has the next hop, else its first one. */
const sourceFor = (addresses: Facts["interfaces"][number]["addresses"], nextHop: string): string | undefined => {
  const ip = parseIp(nextHop) ?? 0;
  const near = addresses.find(
    (a) => Math.floor((parseIp(a.address) ?? 0) / 2 ** (32 - a.prefix)) === Math.floor(ip / 2 ** (32 - a.prefix)),
  );
  return (near ?? addresses[0])?.address;
};
