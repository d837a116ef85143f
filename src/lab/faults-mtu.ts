import { XhostError } from "../errors.ts";
import type { LabHost } from "./record.ts";

/** A word of `--mtu`: at one host's cable, in the fabric alone, or (undefined) at all cables. */
export type Mtu = { readonly at: string | undefined; readonly mtu: number };

/** What a cable has without a fault, as Ethernet. */
export const usualMtu = 1500;

/** What the jumbo frames of usual switches end at. */
export const mostMtu = 9216;

/** What any host has to take (RFC 791). */
const leastMtu = 576;

/** Reads a word of `--mtu`: 1400, h1=1400 or fabric=1400; whether the host is there is not seen. */
export const parseMtu = (word: string): Mtu => {
  const [, at, digits] = /^(?:([^=]+)=)?(\d+)$/.exec(word) ?? [];
  const mtu = Number(digits);
  if (digits === undefined || mtu < leastMtu || mtu > mostMtu)
    throw new XhostError(
      "INVENTORY",
      `mtu "${word}": should be N, HOST=N or fabric=N with N from ${leastMtu} to ${mostMtu}`,
    );
  return { at, mtu };
};

/**
 * What each link of the lab has. `cables`: both ends, by host. `routers`: the switch's own side of each segment, so a
 * packet that has to be routed and is bigger is answered with "fragmentation needed". `limits`: what the switch delivers to a
 * host, by host; without a fault there is none.
 */
export const linkMtus = (mtus: readonly Mtu[], hosts: readonly LabHost[]) => {
  const at = new Map(mtus.map((item) => [item.at, item.mtu]));
  const fabric = at.get("fabric");
  const ofHost = (name: string) => at.get(name) ?? at.get(undefined) ?? usualMtu;
  return {
    cables: new Map(hosts.map(({ name }) => [name, ofHost(name)])),
    routers: fabric ?? at.get(undefined) ?? usualMtu,
    limits: new Map(
      mtus.length === 0 ? [] : hosts.map(({ name }) => [name, Math.min(fabric ?? mostMtu, ofHost(name))]),
    ),
  } as const;
};
