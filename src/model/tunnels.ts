import type { LinkType } from "./link.ts";
import type { Route } from "./state.ts";
import type { Here, Leg } from "./planes/plane.ts";

/** MTU of a tunnel device: what its best leg carries; the others' routes say less. */
export const deviceMtu = (legs: readonly Leg[]): number => Math.max(...legs.map((leg) => leg.mtu));

/**
 * Routes into a tunnel device, one for each block of each peer. The next hop is the peer's underlay address, which no address of
 * the device is near (`onlink`): the device takes it as the place to send to.
 */
export const tunnelRoutes = (device: string, legs: readonly Leg[]): readonly Route[] => {
  const widest = deviceMtu(legs);
  return legs.flatMap(({ peer, mtu, gateway }) =>
    peer.subnets.map((destination): Route => ({
      kind: "route",
      destination,
      via: peer.address,
      device,
      onlink: true,
      source: gateway,
      ...(mtu < widest && { mtu }),
    })),
  );
};

/** The peers of the legs, each once however many networks lead there. */
export const peersOf = (legs: readonly Leg[]): readonly Leg["peer"][] => [
  ...new Map(legs.map(({ peer }) => [peer.host, peer])).values(),
];

/** Why the kernel here cannot have the device; undefined where it can. */
export const missingModule = ({ facts, host }: Here, type: LinkType): string | undefined =>
  facts.modules.get(type) === "none" ? `the kernel of ${host} (${facts.kernel}) has no module ${type}` : undefined;
