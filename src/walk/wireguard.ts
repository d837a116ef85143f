import { cidrOf, contains, parseIp } from "../cidr.ts";
import type { DeepLink } from "../model/depth.ts";
import type { WireguardDevice } from "../model/facts.ts";
import type { Packet } from "./packet.ts";
import { say, type Place, type Trail } from "./world.ts";

/** A packet on a tunnel's device, with the next hop of its route. */
export type Wrapping = {
  readonly place: Place;
  readonly packet: Packet;
  readonly link: DeepLink;
  readonly nextHop: string;
};

/** What carries a packet: where to, from where, and how. */
export type Carrier = {
  readonly remote: string;
  readonly local: string | undefined;
  readonly protocol: 4 | 17;
  readonly port: number | undefined;
  readonly overhead: number;
};

/** The wireguard device of that name, kernel or process; undefined where it is none of those that were read. */
export const wireguardOf = (trail: Trail, { host }: Place, name: string): WireguardDevice | undefined =>
  trail.world.get(host)?.facts.wireguard.find((device) => device.name === name);

/** WireGuard finds the peer by the packet's destination, the longest prefix of all peers' allowed IPs (wg(8)). */
export const endpoint = (
  trail: Trail,
  { place, packet, link }: Wrapping,
  device: WireguardDevice,
): Carrier | undefined => {
  const peer = peerFor(device, packet.destination);
  const [remote, port] = peer?.endpoint.split(":") ?? [];
  const isKnown = remote !== undefined && remote !== "";
  say(trail, place, {
    point: "peer",
    decides: {
      kind: "peer",
      device: link.name,
      text: peer === undefined ? "none" : `${peer.publicKey} ${peer.endpoint}`,
    },
    verdict: isKnown ? "passes" : "drops",
    why:
      peer === undefined
        ? `no peer of ${link.name} has ${packet.destination} among its allowed IPs`
        : isKnown
          ? `${packet.destination} is behind the peer at ${peer.endpoint}`
          : `the peer for ${packet.destination} has no endpoint`,
  });
  return isKnown ? { remote, local: undefined, protocol: 17, port: Number(port), overhead: 60 } : undefined;
};

const peerFor = (device: WireguardDevice, address: string): WireguardDevice["peers"][number] | undefined => {
  const ip = parseIp(address) ?? -1;
  return device.peers
    .flatMap((peer) => peer.allowed.map((network) => ({ peer, network: cidrOf(network) })))
    .filter(({ network }) => contains(network, ip))
    .sort((a, b) => b.network.prefix - a.network.prefix)[0]?.peer;
};

type Strange = {
  readonly place: Place;
  readonly link: DeepLink;
  readonly packet: Packet;
  readonly from: { readonly place: Place; readonly link: DeepLink };
};

/** WireGuard throws away what a peer has no right to send: sources that are not among its allowed IPs. */
export const sayStranger = (trail: Trail, { place, link, packet, from }: Strange): void => {
  const device = wireguardOf(trail, place, link.name);
  const key = wireguardOf(trail, from.place, from.link.name)?.publicKey;
  if (device === undefined || key === undefined || peerFor(device, packet.source)?.publicKey === key) return;
  const known = device.peers.find(({ publicKey }) => publicKey === key);
  say(trail, place, {
    point: "peer",
    decides: {
      kind: "peer",
      device: link.name,
      text: known === undefined ? `${key} none` : `${key} ${known.allowed.join(",")}`,
    },
    verdict: "drops",
    why:
      known === undefined
        ? `${link.name} has no peer with the key of ${from.place.host}`
        : `${packet.source} is not among the allowed IPs of ${from.place.host}`,
  });
};
