import { XhostError } from "../errors.ts";

/** h1 is 10.211.55.11, h2 is .12 and so on, the addresses of the tutorials; a second segment is 10.211.56.0/24. */
export const hostAddress = (index: number, segments: number): string =>
  `10.211.${firstSegment + (index % segments)}.${11 + index}`;

/** The network of a host's segment, in CIDR notation. */
export const networkOf = (address: string): string => address.replace(/\d+$/, "0/24");

/** The switch's own address in a host's segment: the host's default route. */
export const routerOf = (address: string): string => address.replace(/\d+$/, "1");

/** The switch's bridge that is a host's segment: br0, br1, ... */
export const bridgeOf = (address: string): string => `br${Number(address.split(".")[2]) - firstSegment}`;

/** The switch's own addresses, one for each segment that has a host. */
export const routersOf = (hosts: readonly { readonly address: string }[]): readonly string[] => [
  ...new Set(hosts.map(({ address }) => routerOf(address))),
];

/** Whole numbers from 1 to `maxSegments`, and at most one for each host. */
export const checkSegments = (segments: number, hosts: number): void => {
  const most = Math.min(maxSegments, hosts);
  if (!Number.isInteger(segments) || segments < 1 || segments > most)
    throw new XhostError(
      "INVENTORY",
      `number of segments: should be 1 to ${most} (at most ${maxSegments}, and a host for each), not ${segments}`,
    );
};

const firstSegment = 55;
const maxSegments = 8;
