import { dockerNetworkOf } from "../../inventory/placement.ts";
import { placeOf } from "../../model/place.ts";
import { planes } from "../../model/planes/index.ts";
import type { Ruleset } from "../../model/depth-rules.ts";
import { quote } from "../../ssh/quote.ts";
import type { Cause } from "../diagnosis.ts";
import { between, cause, crossing, onHost, type Scene, type Seen } from "./scene.ts";

/** The ways of a host's networks: by which device packets of which hosts come in. */
export const arrivals = ({ fabric }: Scene, { host, facts }: Seen): ReadonlyMap<string, ReadonlySet<string>> => {
  const { inventory } = fabric;
  const devices = new Map<string, Set<string>>();
  for (const network of inventory.networks.filter((n) => n.blocks.has(host)))
    for (const { plane, peer } of placeOf(network, fabric, host, facts).legs) {
      const device = planes[plane].device(inventory.name, peer);
      devices.set(device, (devices.get(device) ?? new Set()).add(peer.host));
    }
  return devices;
};

/** Kernel settings, and rules that stand between Docker and ours. */
export const kernel = (scene: Scene, seen: Seen): readonly Cause[] => [
  ...forwarding(scene, seen),
  ...reversePath(scene, seen),
  ...unreached(scene, seen),
  ...mixed(seen),
];

/** Each device has a switch of its own (IN_DEV_FORWARD, net/ipv4/route.c: ip_route_input_slow asks that of the incoming one). */
const forwarding = (scene: Scene, seen: Seen): readonly Cause[] => {
  const { host, facts, depth } = seen;
  if (facts.sysctls.get("net.ipv4.ip_forward") === "0") return [];
  const isOff = (device: string): boolean => depth.own.conf.get(`${device}.forwarding`) === "0";
  const all = [...arrivals(scene, seen)];
  const peers = new Set(all.flatMap(([, hosts]) => [...hosts]));
  const bridges = scene.fabric.inventory.networks
    .filter((n) => n.blocks.has(host))
    .flatMap((n) =>
      facts.networks.filter((d) => d.name === dockerNetworkOf(n, host)).map((d) => [d.bridge, peers] as const),
    );
  return [...all, ...bridges]
    .filter(([device]) => isOff(device))
    .map(([device, hosts]) =>
      cause("interface-forwarding", {
        host,
        seen: `net.ipv4.conf.${device}.forwarding is 0`,
        remedy: onHost(host, `echo 1 > ${quote(`/proc/sys/net/ipv4/conf/${device}/forwarding`)}`),
        hitsCheck: between(host, hosts),
      }),
    );
};

/** The kernel takes the stricter of `all` and the device, 2 (loose) for stricter than 1 (ip-sysctl, rp_filter). */
const reversePath = (scene: Scene, seen: Seen): readonly Cause[] => {
  const { host, depth } = seen;
  const value = (name: string): number => Number(depth.own.conf.get(`${name}.rp_filter`) ?? 0);
  const isStrict = (device: string): boolean => Math.max(value("all"), value(device)) === 1;
  return [...arrivals(scene, seen)]
    .filter(([device]) => isStrict(device))
    .flatMap(([device, hosts]) => {
      const subnets = [...hosts].flatMap((peer) =>
        [...scene.fabric.subnets.values()].flatMap((byHost) => byHost.get(peer) ?? []),
      );
      const back = depth.own.routes.find(
        (r) => r.table === "main" && subnets.includes(r.destination) && r.device !== device,
      );
      if (back === undefined) return [];
      return [
        cause("rp-filter", {
          host,
          seen: `rp_filter of ${device} is 1 (strict), and the way back to ${back.destination} leaves by ${back.device ?? "no device"}`,
          remedy: onHost(host, `echo 2 > ${quote(`/proc/sys/net/ipv4/conf/${device}/rp_filter`)}`),
          hitsCheck: between(host, hosts),
        }),
      ];
    });
};

/** Docker puts the jump to DOCKER-USER into FORWARD when it starts; `iptables -F` takes it away for good. */
const unreached = ({ fabric }: Scene, { host, facts }: Seen): readonly Cause[] => {
  const chains = facts.tables.get("filter")?.chains;
  const isOpened = fabric.inventory.networks.some((n) => n.blocks.has(host) && n.firewall !== "none");
  if (!isOpened || chains?.has("DOCKER-USER") !== true) return [];
  if (chains.get("FORWARD")?.some((rule) => rule.endsWith("-j DOCKER-USER")) === true) return [];
  return [
    cause("docker-user-unreached", {
      host,
      table: "filter",
      seen: "the chain FORWARD has no jump to DOCKER-USER",
      remedy: onHost(host, "iptables -I FORWARD 1 -j DOCKER-USER"),
      hitsCheck: crossing(host),
    }),
  ];
};

const mixed = ({ host, depth }: Seen): readonly Cause[] => {
  const rules = ruleCount(depth.own.otherIptables);
  if (rules === 0) return [];
  return [
    cause("iptables-mixed", {
      host,
      severity: "warning",
      seen: `${rules} rule${rules === 1 ? "" : "s"} in the other variant of iptables than the one Docker uses`,
      remedy: onHost(host, "iptables-legacy-save || iptables-nft-save"),
    }),
  ];
};

/** Rules, and policies that drop. */
const ruleCount = (rules: Ruleset): number =>
  [...rules.values()]
    .flatMap((chains) => [...chains.values()])
    .reduce((sum, chain) => sum + chain.rules.length + (chain.policy === "DROP" ? 1 : 0), 0);
