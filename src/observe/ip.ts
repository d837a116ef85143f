import { z } from "zod";
import { parseCidr, parseIp } from "../cidr.ts";
import { interned } from "../interned.ts";
import { printed } from "./printed.ts";
import type { Facts, Interface, KernelRoute } from "../model/facts.ts";

const links = z.array(
  z.object({
    ifname: z.string(),
    mtu: z.number(),
    flags: z.array(z.string()).default([]),
    address: z.string().optional(),
    ifalias: z.string().optional(),
    linkinfo: z
      .object({
        info_kind: z.string().optional(),
        info_data: z
          .object({
            local: z.string().optional(),
            remote: z.string().optional(),
            id: z.number().optional(),
            port: z.union([z.number(), z.string()]).optional(),
            udp_csum: z.boolean().optional(),
          })
          .optional()
          // of kinds that are nothing to us, with a field of such a name and another type
          .catch(undefined),
      })
      .optional(),
    addr_info: z
      .array(z.object({ family: z.string(), local: z.string().default(""), prefixlen: z.number().default(0) }))
      .default([]),
  }),
);

/** RT_TABLE_MAIN, which `ip -N` leaves away as often as not. */
export const MAIN = "254";

/** What `ip -j -4 route` says of a route, in every table. */
export const routeJson = z.object({
  dst: z.string(),
  gateway: z.string().optional(),
  dev: z.string().optional(),
  protocol: z.union([z.string(), z.number()]).default(""),
  prefsrc: z.string().optional(),
  metric: z.number().default(0),
  flags: z.array(z.string()).default([]),
  metrics: z.array(z.object({ mtu: z.number().optional() })).default([]),
  nexthops: z.array(z.object({ gateway: z.string().optional(), dev: z.string().optional() })).optional(),
});
const routes = z.array(routeJson.extend({ table: z.string().default(MAIN) }));

/** What one host says of itself goes into the commands of others: an address is an address, or it is none. */
const ipv4 = (text: string | undefined): string | undefined =>
  text !== undefined && parseIp(text) !== undefined ? interned(text) : undefined;

/** Parses `ip -j -d address` (iproute2 prints `[]` or nothing where there is nothing). */
export const parseInterfaces = (text: string): readonly Interface[] =>
  printed(links, text, "ip -j -d address").map((link) => ({
    name: link.ifname,
    mtu: link.mtu,
    addresses: link.addr_info
      .filter((i) => i.family === "inet" && parseIp(i.local) !== undefined)
      .map((i) => ({ address: i.local, prefix: i.prefixlen })),
    up: link.flags.includes("UP"),
    alias: link.ifalias,
    type: link.linkinfo?.info_kind,
    mac: link.address,
    tunnel: tunnelOf(link.linkinfo?.info_data),
  }));

type InfoData = NonNullable<z.infer<typeof links>[number]["linkinfo"]>["info_data"];

/** `any` is what ip prints for an address that is not set. */
const tunnelOf = (data: InfoData): Interface["tunnel"] => {
  if (data === undefined) return undefined;
  const known = (address: string | undefined): string | undefined => (address === "any" ? undefined : address);
  const port = data.port === undefined ? undefined : Number(data.port);
  return { local: known(data.local), remote: known(data.remote), vni: data.id, port, checksum: data.udp_csum };
};

const neighbours = z.array(
  z.object({
    dst: z.string(),
    dev: z.string(),
    lladdr: z.string().optional(),
    state: z.array(z.string()).default(["PERMANENT"]),
  }),
);

/** The permanent ones of `ip -j -4 neigh show`, whatever else it shows. */
export const parseNeighbours = (text: string): Facts["neighbours"] =>
  printed(neighbours, text, "ip -j -4 neigh").flatMap(({ dst, dev, lladdr, state }) =>
    lladdr === undefined || !state.includes("PERMANENT") ? [] : [{ device: dev, address: dst, mac: lladdr }],
  );

/** Parses `bridge fdb show dev D` with the device before each line; entries for all addresses, of multicast, are left out. */
export const parseFdb = (text: string): Facts["fdb"] =>
  text.split("\n").flatMap((line) => {
    const [, device, mac, destination] = /^(\S+) (\S+) dst (\S+) .*\bpermanent\b/.exec(line) ?? [];
    return device === undefined || mac === undefined || destination === undefined ? [] : [{ device, mac, destination }];
  });

/** Parses `ip -j -4 -N route show table main`, or of `table all` what is in main; a host route is printed without `/32`. Multipath routes give their first hop. */
export const parseRoutes = (routeJson: string): readonly KernelRoute[] =>
  printed(routes, routeJson, "ip -j -4 -N route").flatMap((r): KernelRoute[] => {
    const destination = r.dst === "default" ? "0.0.0.0/0" : r.dst.includes("/") ? r.dst : `${r.dst}/32`;
    if (r.table !== MAIN || parseCidr(destination) === undefined) return [];
    const hop = r.nexthops?.[0];
    const device = r.dev ?? hop?.dev;
    return [
      {
        destination: interned(destination),
        device: device && interned(device),
        gateway: ipv4(r.gateway ?? hop?.gateway),
        source: ipv4(r.prefsrc),
        protocol: interned(String(r.protocol)),
        metric: r.metric,
        // Absent and not undefined: what is compared has the same keys.
        ...(r.flags.includes("onlink") && { onlink: true }),
        ...(r.metrics[0]?.mtu !== undefined && { mtu: r.metrics[0].mtu }),
      },
    ];
  });
