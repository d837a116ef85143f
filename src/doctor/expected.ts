import type { Check, InventoryContainer, InventoryNetwork } from "../inventory/inventory.ts";
import { dockerNetworkOf, keepsSource } from "../inventory/placement.ts";
import type { Fabric } from "../model/fabric.ts";
import { crossingOf } from "../model/pairs.ts";
import type { Pace } from "./jobs.ts";

/** What the packets of a check have to be like, and when they begin. */
export type Expected = {
  /** Whether they must come in with the container's own address. */
  readonly expect: (check: Check) => boolean;
  readonly pace: (check: Check) => Pace;
  /**
   * Bytes of the biggest packet that the check's way should carry whole and that its container may send: its device has the MTU of the
   * worst way from its host. Undefined where it is not known.
   */
  readonly full: (check: Check) => number | undefined;
};

type Ends = {
  readonly from: InventoryContainer;
  readonly to: InventoryContainer;
  /** That of `to`. */
  readonly network: InventoryNetwork;
};

/** Of a fabric whose pairs are judged. There may be as many checks as there are pairs of containers: what is asked for each of them is found at once. */
export const expectedOf = (fabric: Fabric): Expected => {
  const containers = new Map(fabric.inventory.containers.map((c) => [c.ref, c]));
  const networks = new Map(fabric.inventory.networks.map((n) => [n.name, n]));
  const smallest = new Map<string, number>();
  const endsOf = (check: Check): Ends | undefined => {
    const [from, to] = [containers.get(check.from), containers.get(check.to)];
    const network = networks.get(to?.network ?? "");
    return from && to && network && { from, to, network };
  };
  const smallestFrom = (host: string, network: InventoryNetwork): number => {
    const key = `${host} ${network.name}`;
    const bytes = smallest.get(key) ?? worstOf(fabric, network, host);
    smallest.set(key, bytes);
    return bytes;
  };
  return {
    expect: (check) => keepsSource(endsOf(check)?.network),
    pace: (check) => paceOf(fabric, endsOf(check)),
    full: (check) => {
      const ends = endsOf(check);
      if (ends === undefined || ends.from.network !== ends.to.network) return undefined;
      const { from, to, network } = ends;
      if (from.host === to.host) return deviceMtu(fabric, network, from.host);
      if (crossingOf(fabric, network, from.host, to.host)?.mtu === undefined) return undefined;
      return smallestFrom(from.host, network);
    },
  };
};

/** That of the network's device in the containers of a host. */
const deviceMtu = ({ sights }: Fabric, network: InventoryNetwork, host: string): number | undefined => {
  const name = dockerNetworkOf(network, host);
  return sights.get(host)?.facts?.networks.find((n) => n.name === name)?.mtu;
};

const worstOf = (fabric: Fabric, network: InventoryNetwork, host: string): number => {
  const others = [...network.blocks.keys()].filter((other) => other !== host);
  const ways = others.flatMap((other) => crossingOf(fabric, network, host, other)?.mtu ?? []);
  return Math.min(...ways, deviceMtu(fabric, network, host) ?? Infinity);
};

/**
 * A WireGuard handshake that two hosts begin at the same moment fails on both, and is tried again after 5 seconds (its paper, section 6.4):
 * one of them goes first.
 */
const paceOf = (fabric: Fabric, ends: Ends | undefined): Pace => {
  const usual = { delay: 0, patience: 4 };
  if (ends === undefined || ends.from.host === ends.to.host) return usual;
  const { from, to, network } = ends;
  if (crossingOf(fabric, network, from.host, to.host)?.plane !== "wireguard") return usual;
  return { delay: from.host < to.host ? 0 : 0.5, patience: 9 };
};
