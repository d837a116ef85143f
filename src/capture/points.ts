import { cidrOf, contains, parseIp, type Cidr } from "../cidr.ts";
import { XhostError } from "../errors.ts";
import type { InventoryContainer, InventoryNetwork } from "../inventory/inventory.ts";
import { dockerNetworkOf } from "../inventory/placement.ts";
import type { Fabric } from "../model/fabric.ts";
import type { Facts } from "../model/facts.ts";
import { linkName } from "../model/names.ts";
import { ownRoutes } from "../model/owned.ts";
import type { Route } from "../model/state.ts";
import { innerFilter, narrowed, outerFilter, type Ends } from "./filter.ts";
import type { Point, PointKind } from "./point.ts";

/** A container that is captured; process and device only where its host is looked at. */
export type Taken = InventoryContainer & {
  /** Its address, or the block of its host where that is all that is known. */
  readonly end: Cidr;
  readonly inside: { readonly pid: number; readonly device: string } | undefined;
};

type Wanted = { readonly kinds: ReadonlySet<PointKind>; readonly filter: string | undefined };

/**
 * The points of the containers' ways, host by host, from the container outward: the devices that the host's own routes name. Containers
 * of one host need neither tunnel nor NIC. Pure.
 */
export const pointsOf = (fabric: Fabric, taken: readonly Taken[], { kinds, filter }: Wanted): readonly Point[] => {
  const ends: Ends = { containers: taken.map(({ end }) => end), hidden: hiddenEnds(fabric, taken) };
  const inner = narrowed(innerFilter(ends), filter);
  const hosts = [...new Set(taken.filter((c) => c.inside !== undefined).map(({ host }) => host))];
  const all = hosts.flatMap((host): readonly Point[] => {
    const facts = fabric.sights.get(host)?.facts;
    if (facts === undefined) return [];
    const here = taken.filter((c) => c.host === host);
    const ways = waysOf(fabric, { host, facts, taken });
    const point = (kind: PointKind, device: string, whose = "", pid?: number): Point => {
      const name = [host, whose, kind, device].filter((word) => word !== "").join(" ");
      return { host, kind, device, name, pid, filter: inner };
    };
    const outer = outerFilter(ends, { ...outerPorts(facts, fabric.inventory.name), hosts: ways.hosts });
    const nicFilter = outer === undefined ? inner : `(${inner}) or ${outer}`;
    return [
      ...here.flatMap((c) => (c.inside ? [point("container", c.inside.device, c.name, c.inside.pid)] : [])),
      ...bridgesOf(fabric, here, facts).map(({ bridge, name }) => point("bridge", bridge, name)),
      ...ways.tunnels.map((device) => point("tunnel", device)),
      ...ways.nics.map((device) => ({ ...point("nic", device), filter: nicFilter })),
    ];
  });
  const points = all.filter(({ kind }) => kinds.has(kind));
  if (points.length > 0) return points;
  const there = [...new Set(all.map(({ kind }) => kind))].join(", ");
  throw new XhostError("INVENTORY", `--point: the way has no ${[...kinds].join(" and no ")}, only ${there}`);
};

const networkOf = ({ inventory }: Fabric, { network }: InventoryContainer): InventoryNetwork | undefined =>
  inventory.networks.find(({ name }) => name === network);

const bridgesOf = (fabric: Fabric, here: readonly Taken[], facts: Facts): Facts["networks"] => {
  const names = new Set(
    here.flatMap((c) => {
      const network = networkOf(fabric, c);
      return network === undefined ? [] : [dockerNetworkOf(network, c.host)];
    }),
  );
  return facts.networks.filter(({ name, driver }) => names.has(name) && driver === "bridge");
};

/** With `masquerade` a packet carries its host's or its bridge's address behind the bridge. */
const hiddenEnds = (fabric: Fabric, taken: readonly Taken[]): readonly Cidr[] => {
  const hiding = taken.filter((c) => networkOf(fabric, c)?.masquerade === true);
  if (taken.length < 2 || hiding.length === 0) return [];
  const addresses = hiding.flatMap((c) => {
    const facts = fabric.sights.get(c.host)?.facts;
    const bridges = facts === undefined ? [] : bridgesOf(fabric, [c], facts).map(({ bridge }) => bridge);
    const own = facts?.interfaces.filter(({ name }) => bridges.includes(name)).flatMap((i) => i.addresses) ?? [];
    return [fabric.addresses.get(c.host), ...own.map(({ address }) => address)];
  });
  return [...new Set(addresses)].flatMap((text) => {
    const base = text === undefined ? undefined : parseIp(text);
    return base === undefined ? [] : [{ base, prefix: 32 }];
  });
};

type Ways = {
  readonly tunnels: readonly string[];
  readonly nics: readonly string[];
  readonly hosts: readonly string[];
};
type Here = { readonly host: string; readonly facts: Facts; readonly taken: readonly Taken[] };

/** Where packets leave the host toward the other containers, or toward everybody for a single one; `hosts` are underlay addresses. */
const waysOf = (fabric: Fabric, { host, facts, taken }: Here): Ways => {
  const away = taken.filter((c) => c.host !== host);
  if (taken.length > 1 && away.length === 0) return { tunnels: [], nics: [], hosts: [] };
  const { name: project, hosts } = fabric.inventory;
  const leads = ({ destination }: Route): boolean =>
    away.length === 0 || away.some(({ end }) => contains(cidrOf(destination), end.base));
  const routes = ownRoutes(facts, project).filter(leads);
  const links = (["ipip", "vxlan", "wireguard"] as const).map((type) => linkName(project, type));
  const isTunnel = (device: string): boolean => links.includes(device);
  const peers = away.length === 0 ? hosts.map(({ name }) => name).filter((name) => name !== host) : hostsOf(away);
  const addresses = peers.flatMap((peer) => fabric.addresses.get(peer) ?? []);
  const leaving = addresses.flatMap((address) => fabric.paths.get(host)?.(address)?.device ?? []);
  const devices = [...new Set([...routes.map(({ device }) => device), ...leaving])];
  return {
    tunnels: devices.filter(isTunnel),
    nics: devices.filter((device) => !isTunnel(device)),
    hosts: away.length === 0 ? [] : addresses,
  };
};

const hostsOf = (taken: readonly Taken[]): readonly string[] => [...new Set(taken.map(({ host }) => host))];

const outerPorts = (facts: Facts, project: string) => {
  const device = (type: "ipip" | "vxlan") => facts.interfaces.find(({ name }) => name === linkName(project, type));
  const wireguard = facts.wireguard.find(({ name }) => name === linkName(project, "wireguard"));
  return {
    vxlan: [device("vxlan")?.tunnel?.port].filter((port) => port !== undefined),
    wireguard: [wireguard?.port].filter((port) => port !== undefined),
    ipip: device("ipip") !== undefined,
  };
};
