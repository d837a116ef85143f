import type { DeepLink, Depth } from "../model/depth.ts";
import type { Hop } from "../walk/hop.ts";
import type { Sighting } from "./trace-lines.ts";

/** What was seen where a walk says that the probes pass. */
export type Seen = {
  /** Place in the list of hops. */
  readonly at: number;
  readonly hop: Hop;
  /** Numbers of the probes that were seen there; undefined where nobody could listen. */
  readonly ids: ReadonlySet<number> | undefined;
  /** Addresses that they had: their source. */
  readonly sources: ReadonlySet<string>;
};

/** What there is to see of the probes on one way. */
export type Eyes = {
  readonly sightings: readonly Sighting[];
  readonly depths: ReadonlyMap<string, Depth>;
  /** Whether somebody could listen there. */
  readonly hears: (place: Pick<Hop, "host" | "container">) => boolean;
  /** What passes on this way. */
  readonly kinds: readonly Sighting["kind"][];
  /** Numbers of the probes by the bytes of the packets that they are encrypted in. */
  readonly encrypted: ReadonlyMap<number, readonly number[]>;
  /** Underlay addresses of the host that sends what is encrypted. */
  readonly senders: ReadonlySet<string>;
};

/** The devices on a packet's way, in order, with the probes that were seen there. */
export const seenOn = (hops: readonly Hop[], eyes: Eyes): readonly Seen[] =>
  hops.flatMap((hop, at): Seen[] => {
    if (hop.decides.kind !== "tap") return [];
    if (!eyes.hears(hop)) return [{ at, hop, ids: undefined, sources: new Set() }];
    const here = eyes.sightings.filter((sighting) => isAt(sighting, hop, eyes));
    const ids = here.flatMap(({ kind, id, size }) => (kind === "encrypted" ? (eyes.encrypted.get(size) ?? []) : [id]));
    const plain = here.filter(({ kind }) => kind !== "encrypted");
    return [{ at, hop, ids: new Set(ids), sources: new Set(plain.map(({ source }) => source)) }];
  });

const isAt = (sighting: Sighting, hop: Hop, { depths, kinds, senders }: Eyes): boolean => {
  const { decides } = hop;
  if (decides.kind !== "tap" || sighting.host !== hop.host || sighting.container !== hop.container) return false;
  const link = deviceOf(sighting, depths);
  const way = sighting.way === "stray" && link?.master !== undefined ? "in" : sighting.way;
  if (way !== decides.way || link?.name !== decides.device) return false;
  if (sighting.kind === "encrypted") return hop.isOuter && senders.has(sighting.source);
  return kinds.includes(sighting.kind) && sighting.isWrapped === hop.isOuter;
};

const deviceOf = ({ host, container, index }: Sighting, depths: Eyes["depths"]): DeepLink | undefined => {
  const depth = depths.get(host);
  const space = container === undefined ? depth?.own : depth?.containers.get(container)?.space;
  return space?.links.find((link) => link.index === index);
};
