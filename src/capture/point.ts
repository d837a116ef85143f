/** The places of a packet's way on a host, in the order in which it passes them as it arrives. */
export const POINT_KINDS = ["nic", "tunnel", "bridge", "container"] as const;
export type PointKind = (typeof POINT_KINDS)[number];

/** A device on a host whose packets are taken. */
export type Point = {
  readonly host: string;
  readonly kind: PointKind;
  readonly device: string;
  /** `h1 web container eth0`: what it is called in the file and on the screen. */
  readonly name: string;
  /** Process whose network namespace the device is in; undefined for the host's own. */
  readonly pid: number | undefined;
  /** In its place, a network namespace by its name (ip-netns(8)). */
  readonly netns?: string | undefined;
  /** pcap-filter(7). */
  readonly filter: string;
};
