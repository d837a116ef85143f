import type { Resource } from "../state.ts";
import type { DataPlane } from "./plane.ts";

/**
 * Plain routes. A packet leaves the container with its own address, the host forwards it to the peer's address on the
 * segment that both share, the peer forwards it to its bridge. Per peer: one route for each of its blocks. Overhead: none.
 * Needs: the peer on the same segment (a router in between knows nothing of the blocks), and a fabric that passes packets
 * with addresses it has not given out; clouds with a source/destination check drop them.
 */
export const route: DataPlane = {
  overhead: 0,
  carrier: () => "foreign",
  resources: (_here, legs) =>
    legs.flatMap(({ peer, mtu, gateway }) =>
      peer.subnets.map((destination): Resource => ({
        kind: "route",
        destination,
        via: peer.address,
        device: peer.path.device,
        source: gateway ?? peer.path.source,
        ...(mtu < peer.path.mtu && { mtu }),
      })),
    ),
  device: (_project, peer) => peer.path.device,
  obstacle: (_here, peer) =>
    peer.path.gateway === undefined
      ? undefined
      : `${peer.host} (${peer.address}) is not on the same segment: it is behind the gateway ${peer.path.gateway} on ${peer.path.device}`,
};
