import type { Hop } from "./hop.ts";

/** The first hop that gives packets another source than their container's. */
export const disguise = (there: readonly Hop[], source: string): Hop | undefined =>
  there.find(({ becomes, isOuter }) => !isOuter && becomes !== undefined && becomes.source !== source);

/**
 * Whether what becomes of a packet at a hop may come of its changed source: behind the change, also on the way back. Routes and the network
 * between the hosts go by the destination; what they do has another reason.
 */
export const comesOf = (hop: Hop, mask: Hop, there: readonly Hop[]): boolean =>
  (!there.includes(hop) || there.indexOf(hop) > there.indexOf(mask)) &&
  !["network", "route"].includes(hop.decides.kind);
