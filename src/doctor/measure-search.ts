/** What is known of a way: bytes of the largest packet that arrived (0: none yet) and of the smallest above it that did not. */
export type Bounds = { readonly arrived: number; readonly lost: number };

/** Bytes of a packet that passes wherever anything does; every carrier's headers and our mark fit into it. */
const SMALL = 200;

/**
 * Sizes that real networks end at: IPv6's minimum, WireGuard and VXLAN below 1500, GRE, PPPoE, Ethernet, POS, and the jumbo
 * frames of the clouds.
 */
const KNOWN = [
  1280, 1320, 1380, 1390, 1400, 1420, 1440, 1450, 1460, 1476, 1480, 1492, 1500, 4470, 8896, 8950, 9000, 9001,
];

/** Sizes spread evenly over what is open, so that a burst narrows it by this factor even where none of the known ones fits. */
const SPREAD = 16;

/** Bytes that devices take beyond their MTU: room for a VLAN tag (`__is_skb_forwardable` in the kernel's net/core/dev.c). */
const SLACK = 4;

/**
 * Sizes of the first burst, ascending. What comes right above the likely one is among them: where the likely one is right, as
 * between a jumbo host and one at 1500, the search ends with this burst.
 */
export const firstSizes = ({ mtu, likely }: { readonly mtu: number; readonly likely: number }): readonly number[] => {
  const above = [1, SLACK, SLACK + 1].map((more) => likely + more);
  return ascending([SMALL, likely, ...above, mtu].map((size) => Math.min(size, mtu)));
};

/**
 * Sizes of the next burst, ascending; none when the answer is exact, or when not even the small one arrived. Each known size
 * comes with the one above it: two packets make certain what most likely is. The one that was lost is tried again, since chance
 * may have lost it.
 */
export const nextSizes = ({ arrived, lost }: Bounds): readonly number[] => {
  if (arrived === 0 || lost - arrived === 1) return [];
  const step = (lost - arrived) / (SPREAD + 1);
  const spread = Array.from({ length: SPREAD }, (_, i) => Math.round(arrived + (i + 1) * step));
  const known = KNOWN.flatMap((size) => [size, size + 1]);
  return ascending([...known, ...spread, lost].filter((size) => size > arrived && size <= lost));
};

const ascending = (sizes: readonly number[]): readonly number[] => [...new Set(sizes)].sort((a, b) => a - b);
