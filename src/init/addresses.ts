import { formatCidr, parseIp } from "../cidr.ts";
import type { Interface } from "../model/facts.ts";

/** What a host says about itself. */
export type Guest = {
  readonly name: string;
  readonly interfaces: readonly Interface[];
  /** Devices of its default routes. */
  readonly uplinks: readonly string[];
  /** Its address at which the question came in over ssh. */
  readonly sshAddress: string | undefined;
};

/** Where the other hosts reach a host. */
export type PeerAddress = { readonly address: string; readonly device: string };

/** Kinds of virtual devices that stand for a wire all the same; bridges of Docker, tunnels and veth do not. */
const WIRES = ["vlan", "bond"];

/** `isOutward`: on the way out, or where ssh came in. */
type Candidate = PeerAddress & { readonly host: string; readonly network: string; readonly isOutward: boolean };

/**
 * The address of each host on a network that all of them are on, under addresses of their own: VirtualBox gives every machine the
 * same 10.0.2.15. A network that is nobody's way out and not where ssh came in is preferred: that is the one a Vagrantfile asks for,
 * while the first interface is Vagrant's own. Empty when there is no such network.
 */
export const peerAddresses = (guests: readonly Guest[]): ReadonlyMap<string, PeerAddress> => {
  const networks = Map.groupBy(guests.flatMap(candidates), ({ network }) => network);
  const shared = [...networks.values()].filter((members) => {
    const hosts = new Set(members.map(({ host }) => host));
    return hosts.size === guests.length && new Set(members.map(({ address }) => address)).size === members.length;
  });
  const chosen = shared.find((members) => !members.some(({ isOutward }) => isOutward)) ?? shared[0] ?? [];
  // The first address of a host counts, as it does for the source of its packets.
  return new Map(chosen.toReversed().map(({ host, address, device }) => [host, { address, device }]));
};

const candidates = ({ name, interfaces, uplinks, sshAddress }: Guest): readonly Candidate[] =>
  interfaces
    .filter(({ name: device, up, type }) => up && device !== "lo" && (type === undefined || WIRES.includes(type)))
    .flatMap(({ name: device, addresses }) =>
      addresses.map(({ address, prefix }) => ({
        host: name,
        address,
        device,
        network: networkOf(address, prefix),
        isOutward: uplinks.includes(device) || address === sshAddress,
      })),
    );

const networkOf = (address: string, prefix: number): string => {
  const ip = parseIp(address) ?? 0;
  return formatCidr({ base: ip - (ip % 2 ** (32 - prefix)), prefix });
};
