import { dockerNetworkOf } from "../../inventory/placement.ts";
import { chainName, ROUTE_PROTOCOL, routeMetric } from "../../model/names.ts";
import type { Health } from "../../observe/health.ts";
import type { Cause } from "../diagnosis.ts";
import { cause, crossing, here, onHost, type Scene, type Seen } from "./scene.ts";

/** What is around the network of the hosts, by host; a host that is not in it could not be asked. */
export const health = (scene: Scene, all: ReadonlyMap<string, Health>): readonly Cause[] =>
  scene.seen.flatMap((seen) => {
    const its = all.get(seen.host);
    if (its === undefined) return [];
    return [clock, tables, networkd, manager, firewalls].flatMap((check) => check({ scene, seen, its, all }));
  });

type Ward = {
  readonly scene: Scene;
  readonly seen: Seen;
  readonly its: Health;
  readonly all: ReadonlyMap<string, Health>;
};

/** Seconds; certificates and logs bear that much. */
const DRIFT = 5;

/** Against the middle of all hosts: the controller's own clock may be the one that is wrong. */
const clock = ({ seen: { host }, its, all }: Ward): readonly Cause[] => {
  const sorted = [...all.values()].map((h) => h.clock.ahead).sort((a, b) => a - b);
  const middle = all.size < 3 ? 0 : (sorted[Math.floor(sorted.length / 2)] ?? 0);
  const off = its.clock.ahead - middle;
  if (Math.abs(off) <= DRIFT + its.clock.error) return [];
  return [
    cause("clock", {
      host,
      severity: "warning",
      seen: `its clock is ${Math.abs(off).toFixed(0)} s ${off > 0 ? "ahead of" : "behind"} ${all.size < 3 ? "this machine's" : "the other hosts'"}`,
      remedy: onHost(host, "timedatectl set-ntp true"),
    }),
  ];
};

/** A table that is this full is about to refuse. */
const FULL = 0.95;

const tables = ({ seen: { host, facts }, its: { conntrack, neighbours } }: Ward): readonly Cause[] => [
  ...(conntrack !== undefined && conntrack.max > 0 && conntrack.count >= FULL * conntrack.max
    ? [
        cause("conntrack-full", {
          host,
          severity: conntrack.count >= conntrack.max ? ("fault" as const) : ("warning" as const),
          seen: `the connection table has ${conntrack.count} of ${conntrack.max} entries`,
          remedy: onHost(host, `sysctl -w net.netfilter.nf_conntrack_max=${conntrack.max * 4}`),
          hitsCheck: (from, to) => from.host === host || to.host === host,
        }),
      ]
    : []),
  ...(neighbours.max > 0 && neighbours.count >= FULL * neighbours.max
    ? [
        cause("neighbour-table", {
          host,
          severity: neighbours.count >= neighbours.max ? ("fault" as const) : ("warning" as const),
          seen: `the neighbour table has ${neighbours.count} of ${neighbours.max} entries (gc_thresh3); ${facts.interfaces.length} devices`,
          remedy: onHost(
            host,
            `sysctl -w net.ipv4.neigh.default.gc_thresh2=${neighbours.max * 2} net.ipv4.neigh.default.gc_thresh3=${neighbours.max * 4}`,
          ),
          hitsCheck: (from, to) => from.host === host || to.host === host,
          hitsUnderlay: (from, to) => from === host || to === host,
        }),
      ]
    : []),
];

/** Only where it configures a device that our routes lead over. */
const networkd = ({ seen: { host, depth }, its }: Ward): readonly Cause[] => {
  if (its.networkd?.managesForeignRoutes !== true) return [];
  const ours = new Set(depth.own.routes.filter((r) => r.protocol === String(ROUTE_PROTOCOL)).map((r) => r.device));
  const devices = its.networkd.devices.filter((device) => ours.has(device));
  if (devices.length === 0) return [];
  const text = "[Network]\\nManageForeignRoutes=no\\nManageForeignRoutingPolicyRules=no\\n";
  const folder = "/etc/systemd/networkd.conf.d";
  return [
    cause("networkd-routes", {
      host,
      severity: "warning",
      seen: `systemd-networkd configures ${devices.join(", ")} and manages foreign routes; ${ours.size === 1 ? "a route" : "routes"} of xhost lead over it`,
      remedy: onHost(
        host,
        `mkdir -p ${folder} && printf '${text}' >${folder}/xhost.conf && systemctl restart systemd-networkd`,
      ),
    }),
  ];
};

const manager = ({ scene: { fabric }, seen: { host, facts }, its }: Ward): readonly Cause[] => {
  const bridges = facts.networks
    .filter((n) =>
      fabric.inventory.networks.some((ours) => ours.blocks.has(host) && dockerNetworkOf(ours, host) === n.name),
    )
    .map((n) => n.bridge);
  const devices = its.networkManager.filter((device) => device.startsWith("xh-") || bridges.includes(device));
  if (devices.length === 0) return [];
  const file = "/etc/NetworkManager/conf.d/xhost.conf";
  return [
    cause("networkmanager", {
      host,
      severity: "warning",
      seen: `NetworkManager manages ${devices.join(", ")}`,
      remedy: onHost(
        host,
        `printf '[keyfile]\\nunmanaged-devices=interface-name:xh-*;interface-name:veth*;interface-name:br-*;interface-name:docker*\\n' >${file} && nmcli general reload`,
      ),
    }),
  ];
};

/**
 * firewalld flushes all of iptables as it starts or reloads (FlushAllOnReload, firewalld.conf(5)). ufw alone is no finding: it leaves
 * FORWARD to Docker, and the rule for our tunnels stands before its own.
 */
const firewalls = ({ scene: { deploy, fabric }, seen: { host, facts }, its }: Ward): readonly Cause[] => {
  const { name, networks } = fabric.inventory;
  const isOpened = networks.some((n) => n.firewall !== "none" && n.blocks.has(host) && n.blocks.size > 1);
  const isDeployed = facts.routes.some((r) => r.protocol === String(ROUTE_PROTOCOL) && r.metric === routeMetric(name));
  const stands = [...facts.tables.values()].some(({ chains }) => chains.has(chainName(name)));
  if (!its.firewalld || !isOpened || !isDeployed || stands) return [];
  return [
    cause("firewalld", {
      host,
      seen: "firewalld runs, and none of xhost's rules is there any more: it takes them away when it starts or reloads",
      remedy: here(deploy),
      deployFixes: true,
      hitsCheck: crossing(host),
    }),
  ];
};
