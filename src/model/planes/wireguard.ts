import { keyFile, linkName } from "../names.ts";
import type { WireguardPeer } from "../link.ts";
import type { Resource } from "../state.ts";
import type { DataPlane, Here, Leg, Peer } from "./plane.ts";
import { deviceMtu, peersOf, tunnelRoutes } from "../tunnels.ts";

/** Seconds; what a NAT forgets first is UDP, after 30 (wg(8), persistent-keepalive). */
const KEEPALIVE = 25;

/**
 * WireGuard: one device with a key that is made on the host; a peer's networks are its allowed IPs, so that the key a packet came
 * with proves its source. The kernel's module, or the process wireguard-go where there is none. Needs: UDP to the port passes.
 */
export const wireguard: DataPlane = {
  // outer IP 20, UDP 8, WireGuard 32; 20 more over IPv6
  overhead: 60,
  link: "wireguard",
  carrier: ({ wireguard: ends }, toward) => `udp:${ends.get(toward)?.port ?? 51820}`,
  resources: (here, all) => {
    const name = linkName(here.project, "wireguard");
    // Without its key nothing can be sent to a host; it gets one when it is deployed itself.
    const legs = all.filter(({ peer }) => keyOf(here, name, peer) !== undefined);
    const key: Resource = { kind: "key", path: keyFile(here.project), whole: true };
    if (legs.length === 0) return all.length === 0 ? [] : [key];
    const userspace = here.facts.modules.get("wireguard") === "none";
    const own = here.ports.wireguard.get(here.host);
    const device: Resource = {
      kind: "link",
      name,
      type: "wireguard",
      mtu: deviceMtu(legs),
      up: true,
      port: own?.port,
      publicKey: own?.publicKey,
      userspace,
    };
    const peers = peersOf(legs).map((peer) => peerOf(here, name, peer, legs));
    return [
      key,
      ...(userspace ? [] : [{ kind: "module", name: "wireguard", present: true } as const]),
      device,
      ...peers,
      // The device finds the peer by the packet's destination: there is no next hop to name.
      ...tunnelRoutes(name, legs).map((route): Resource => ({ ...route, via: undefined, onlink: undefined })),
    ];
  },
  device: (project) => linkName(project, "wireguard"),
  obstacle: ({ facts, host }) => {
    if (!facts.programs.has("wg")) return `the program wg is missing on ${host} (Debian package wireguard-tools)`;
    if (facts.modules.get("wireguard") !== "none" || facts.programs.has("wireguard-go")) return undefined;
    return `the kernel of ${host} (${facts.kernel}) has no module wireguard, and the program wireguard-go is missing (Debian package wireguard-go)`;
  },
  arriving: ({ wireguard: ends }, host) => `-p udp -m udp --dport ${ends.get(host)?.port ?? 51820}`,
};

const peerOf = (here: Here, device: string, peer: Peer, legs: readonly Leg[]): WireguardPeer => {
  const end = here.ports.wireguard.get(peer.host);
  const allowed = legs
    .filter((leg) => leg.peer.host === peer.host)
    .flatMap((leg) => leg.peer.subnets)
    .sort();
  return {
    kind: "peer",
    device,
    publicKey: keyOf(here, device, peer) ?? "",
    endpoint: end === undefined ? (standingPeer(here, device, peer)?.endpoint ?? "") : `${peer.address}:${end.port}`,
    roams: end?.isBehindNat === true,
    allowed,
    keepalive: here.ports.wireguard.get(here.host)?.isBehindNat === true ? KEEPALIVE : 0,
  };
};

/** The key of the host, or where it cannot be asked now the one that stands. */
const keyOf = (here: Here, device: string, peer: Peer): string | undefined => {
  const end = here.ports.wireguard.get(peer.host);
  return end === undefined ? standingPeer(here, device, peer)?.publicKey : end.publicKey;
};

const standingPeer = ({ facts }: Here, device: string, { subnets }: Peer) =>
  facts.wireguard
    .find(({ name }) => name === device)
    ?.peers.find((peer) => peer.allowed.some((network) => subnets.includes(network)));
