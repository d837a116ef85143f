import { dockerNetworkOf } from "../../inventory/placement.ts";
import type { DeepRoute } from "../../model/depth.ts";
import { placeOf } from "../../model/place.ts";
import { planes } from "../../model/planes/index.ts";
import type { Ruleset } from "../../model/depth-rules.ts";
import { quote } from "../../ssh/quote.ts";
import type { Cause } from "../diagnosis.ts";
import { between, cause, crossing, onHost, type Scene, type Seen } from "./scene.ts";

/** Where packets come in on a host: by device, the hosts whose they are, and those hosts' blocks of the networks whose way it is. */
type Arrivals = ReadonlyMap<string, { readonly hosts: ReadonlySet<string>; readonly subnets: ReadonlySet<string> }>;

/** Two networks may have different planes between the same hosts, and then a device each. */
const arrivals = ({ fabric }: Scene, { host, facts }: Seen): Arrivals => {
  const { inventory } = fabric;
  const legs = inventory.networks
    .filter((network) => network.blocks.has(host))
    .flatMap((network) => placeOf(network, fabric, host, facts).legs);
  const byDevice = Map.groupBy(legs, ({ plane, peer }) => planes[plane].device(inventory.name, peer));
  return new Map(
    [...byDevice].map(([device, its]) => [
      device,
      { hosts: new Set(its.map(({ peer }) => peer.host)), subnets: new Set(its.flatMap(({ peer }) => peer.subnets)) },
    ]),
  );
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
  const all = [...arrivals(scene, seen)].map(([device, its]) => [device, its.hosts] as const);
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

/**
 * The kernel takes the greater of `all` and the device (ip-sysctl, rp_filter). Loose, 2, asks a device that has no address, as tunnels
 * have none, no less than strict, 1, does (__fib_validate_source, net/ipv4/fib_frontend.c: last_resort).
 */
const reversePath = (scene: Scene, seen: Seen): readonly Cause[] => {
  const { host, depth } = seen;
  const value = (name: string): number => Number(depth.own.conf.get(`${name}.rp_filter`) ?? 0);
  return [...arrivals(scene, seen)].flatMap(([device, { hosts, subnets }]) => {
    const mode = Math.max(value("all"), value(device));
    const isBare = depth.own.links.some((l) => l.name === device && l.addresses.length === 0);
    const back = wayBacks(seen, subnets).find((r) => r.device !== device);
    if (back === undefined || mode === 0 || (mode === 2 && !isBare)) return [];
    const file = (name: string): string => quote(`/proc/sys/net/ipv4/conf/${name}/rp_filter`);
    const off = [device, ...(value("all") === 0 ? [] : ["all"])].map((name) => `echo 0 > ${file(name)}`).join(" && ");
    const word = mode === 1 ? "strict" : "loose, which is strict for a device without an address";
    return [
      cause("rp-filter", {
        host,
        seen: `rp_filter of ${device} is ${mode} (${word}), and the way back to ${back.destination} leaves by ${back.device ?? "no device"}`,
        remedy: onHost(host, isBare ? off : `echo 2 > ${file(device)}`),
        hitsCheck: between(host, hosts),
      }),
    ];
  });
};

/** Of each subnet the route that the kernel takes: the one with the lowest metric. */
const wayBacks = ({ depth }: Seen, subnets: ReadonlySet<string>): readonly DeepRoute[] => {
  const all = depth.own.routes.filter((r) => r.table === "main" && subnets.has(r.destination));
  return [...Map.groupBy(all, (r) => r.destination).values()].flatMap(
    (same) => same.toSorted((a, b) => a.metric - b.metric)[0] ?? [],
  );
};

/** Docker puts the jump to DOCKER-USER into FORWARD when it starts; `iptables -F` takes it away for good. */
const unreached = ({ fabric }: Scene, { host, facts }: Seen): readonly Cause[] => {
  const chains = facts.tables.get("filter")?.chains;
  const isOpened = fabric.inventory.networks.some((n) => n.blocks.has(host) && n.firewall !== "none");
  if (!isOpened || chains?.has("DOCKER-USER") !== true) return [];
  if (chains.get("FORWARD")?.rules.some((rule) => rule.endsWith("-j DOCKER-USER")) === true) return [];
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
