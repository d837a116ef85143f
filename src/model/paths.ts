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
 * What `ip route get` would say, from the main table as observed (longest prefix, then lowest metric: ip-route(8)). Policy
 * routing is not looked at: hosts that need it say their `address` themselves.
 */
export const pathTo = (facts: Facts, address: string): HostPath | undefined => {
  const ip = parseIp(address);
  if (ip === undefined) return undefined;
  const own = facts.interfaces.find((i) => i.addresses.some((a) => a.address === address));
  if (own !== undefined) return { device: own.name, mtu: own.mtu, gateway: undefined, source: address };
  const best = facts.routes
    // Routes of ours lead to containers, never to a host.
    .filter(
      (r) => r.protocol !== String(ROUTE_PROTOCOL) && r.device !== undefined && contains(cidrOf(r.destination), ip),
    )
    .reduce<KernelRoute | undefined>((a, b) => (a === undefined || better(b, a) ? b : a), undefined);
  const device = facts.interfaces.find((i) => i.name === best?.device);
  if (best === undefined || device === undefined) return undefined;
  const gateway = best.gateway === address ? undefined : best.gateway;
  return {
    device: device.name,
    mtu: device.mtu,
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
