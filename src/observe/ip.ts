import { z } from "zod";
import { parseCidr } from "../cidr.ts";
import type { Interface, KernelRoute } from "../model/facts.ts";

const links = z.array(z.object({ ifname: z.string(), mtu: z.number() }));
const addresses = z.array(
  z.object({
    ifname: z.string(),
    addr_info: z.array(z.object({ family: z.string(), local: z.string(), prefixlen: z.number() })),
  }),
);
const routes = z.array(
  z.object({
    type: z.string().optional(),
    dst: z.string(),
    gateway: z.string().optional(),
    via: z.unknown().optional(),
    dev: z.string().optional(),
    protocol: z.union([z.string(), z.number()]).default(""),
    prefsrc: z.string().optional(),
    metric: z.number().default(0),
    nexthops: z.array(z.object({ gateway: z.string().optional(), dev: z.string().optional() })).optional(),
  }),
);

/** Parses `ip -j link` and `ip -j -4 address` (iproute2 prints `[]` or nothing where there is nothing). */
export const parseInterfaces = (linkJson: string, addressJson: string): readonly Interface[] => {
  const found = addresses.parse(json(addressJson));
  return links.parse(json(linkJson)).map(({ ifname, mtu }) => ({
    name: ifname,
    mtu,
    addresses: found
      .filter((a) => a.ifname === ifname)
      .flatMap((a) => a.addr_info.filter((i) => i.family === "inet"))
      .map((i) => ({ address: i.local, prefix: i.prefixlen })),
  }));
};

/** Parses `ip -j -4 -N route show table main`; a host route is printed without `/32`. Multipath routes give their first hop. */
export const parseRoutes = (routeJson: string): readonly KernelRoute[] =>
  routes.parse(json(routeJson)).flatMap((r): KernelRoute[] => {
    const destination = r.dst === "default" ? "0.0.0.0/0" : r.dst.includes("/") ? r.dst : `${r.dst}/32`;
    if (parseCidr(destination) === undefined) return [];
    const hop = r.nexthops?.[0];
    return [
      {
        destination,
        device: r.dev ?? hop?.dev,
        gateway: r.gateway ?? hop?.gateway,
        source: r.prefsrc,
        protocol: String(r.protocol),
        metric: r.metric,
      },
    ];
  });

const json = (text: string): unknown => (text.trim() === "" ? [] : JSON.parse(text));
