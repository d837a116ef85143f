import type { DataPlane } from "./plane.ts";

/**
 * Plain routes. A packet leaves the container with its own address, the host forwards it to the peer's address on the
 * segment that both share, the peer forwards it to its bridge. Per peer: one route for each of its blocks. Overhead: none.
 * Needs: the peer on the same segment (a router in between knows nothing of the blocks), and a fabric that passes packets
 * with addresses it has not given out; clouds with a source/destination check drop them.
 */
export const route: DataPlane = {
  overhead: 0,
  resources: (_self, peers) =>
    peers.flatMap((peer) =>
      peer.subnets.map((destination) => ({
        kind: "route",
        destination,
        via: peer.address,
        device: peer.path.device,
        source: peer.path.source,
      })),
    ),
  device: (peer) => peer.path.device,
  obstacle: (peer) =>
    peer.path.gateway === undefined
      ? undefined
      : `plane route needs ${peer.host} (${peer.address}) on the same segment, but it is behind the gateway ${peer.path.gateway} on ${peer.path.device}`,
};
