import { z } from "zod";
import { parseCidr } from "../cidr.ts";
import type { DeepFdb, DeepLink, DeepNeighbour, DeepRoute } from "../model/depth.ts";
import { tableName } from "./depth-policies.ts";
import { MAIN, parseInterfaces, routeJson } from "./ip.ts";
import { printed } from "./printed.ts";

const counts = z.object({ packets: z.number(), errors: z.number(), dropped: z.number() });
const none = { packets: 0, errors: 0, dropped: 0 };

const links = z.array(
  z.object({
    ifname: z.string(),
    ifindex: z.number(),
    link_index: z.number().optional(),
    flags: z.array(z.string()).default([]),
    master: z.string().optional(),
    linkinfo: z
      .object({
        info_slave_data: z
          .object({ state: z.string().optional(), isolated: z.boolean().optional(), hairpin: z.boolean().optional() })
          .optional()
          .catch(undefined),
        info_data: z.object({ nf_call_iptables: z.number().optional() }).optional().catch(undefined),
      })
      .optional(),
    stats64: z.object({ rx: counts, tx: counts }).optional(),
  }),
);

/** Parses `ip -j -s -d address`. */
export const parseDeepLinks = (text: string): readonly DeepLink[] => {
  const more = new Map(printed(links, text, "ip -j -s -d address").map((link) => [link.ifname, moreOf(link)]));
  return parseInterfaces(text).flatMap((link): DeepLink[] => {
    const found = more.get(link.name);
    return found === undefined ? [] : [{ ...link, ...found }];
  });
};

const moreOf = ({ linkinfo, stats64, ...link }: z.infer<typeof links>[number]) => {
  const port = linkinfo?.info_slave_data;
  return {
    index: link.ifindex,
    carrier: link.flags.includes("LOWER_UP"),
    master: link.master,
    peerIndex: link.link_index,
    portState: port?.state,
    isolated: port?.isolated === true,
    hairpin: port?.hairpin === true,
    bridgeCallsIptables: linkinfo?.info_data?.nf_call_iptables === 1,
    received: stats64?.rx ?? none,
    sent: stats64?.tx ?? none,
  };
};

const routes = z.array(routeJson.extend({ type: z.string().default("1"), table: z.string().default(MAIN) }));

/** RTN_* of linux/rtnetlink.h. */
const TYPES: Readonly<Record<string, DeepRoute["type"]>> = {
  1: "unicast",
  2: "local",
  3: "broadcast",
  5: "multicast",
  6: "blackhole",
  7: "unreachable",
  8: "prohibit",
  9: "throw",
};

/** Parses `ip -j -4 -N route show table all`. */
export const parseDeepRoutes = (text: string): readonly DeepRoute[] =>
  printed(routes, text, "ip -j -4 -N route show table all").flatMap((r): DeepRoute[] => {
    const destination = r.dst === "default" ? "0.0.0.0/0" : r.dst.includes("/") ? r.dst : `${r.dst}/32`;
    if (parseCidr(destination) === undefined) return [];
    const hop = r.nexthops?.[0];
    return [
      {
        table: tableName(r.table),
        type: TYPES[r.type] ?? "other",
        destination,
        device: r.dev ?? hop?.dev,
        gateway: r.gateway ?? hop?.gateway,
        source: r.prefsrc,
        protocol: String(r.protocol),
        metric: r.metric,
        mtu: r.metrics[0]?.mtu,
        onlink: r.flags.includes("onlink"),
        flags: r.flags,
        multipath: r.nexthops !== undefined,
      },
    ];
  });

const neighbours = z.array(
  z.object({ dst: z.string(), dev: z.string(), lladdr: z.string().optional(), state: z.array(z.string()).default([]) }),
);

/** Parses `ip -j -4 neigh show nud all`. */
export const parseDeepNeighbours = (text: string): readonly DeepNeighbour[] =>
  printed(neighbours, text, "ip -j -4 neigh show nud all").map(({ dst, dev, lladdr, state }) => ({
    device: dev,
    address: dst,
    mac: lladdr,
    state: state[0] ?? "NONE",
  }));

const entries = z.array(
  z.object({
    mac: z.string(),
    ifname: z.string(),
    dst: z.string().optional(),
    master: z.string().optional(),
    state: z.string().default(""),
  }),
);

/** Parses `bridge -j fdb show`. */
export const parseDeepFdb = (text: string): readonly DeepFdb[] =>
  printed(entries, text, "bridge -j fdb show").map(({ mac, ifname, dst, master, state }) => ({
    device: ifname,
    mac,
    destination: dst,
    master,
    permanent: state === "permanent",
  }));
