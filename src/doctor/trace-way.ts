import { hasAddress, type World } from "../walk/world.ts";
import { request } from "../walk/packet.ts";
import { walkBoth } from "../walk/walk.ts";
import type { WalkEnd } from "../walk/blocking.ts";
import { diversion, type Around } from "../walk/diversion.ts";
import { comesOf, disguise } from "../walk/disguise.ts";
import { deciderText, type Hop } from "../walk/hop.ts";

/** What is to be traced. */
export type Question = {
  readonly from: WalkEnd;
  readonly to: WalkEnd;
  /** Of TCP; undefined for echo requests. */
  readonly port: number | undefined;
  /** Bytes of a packet, as the user asked; undefined: a small one, and as big a one as the container may send. */
  readonly size: number | undefined;
};

/** The way of packets of one size, as it follows from what was read of the hosts. */
export type Way = {
  /** Bytes. */
  readonly size: number;
  readonly there: readonly Hop[];
  /** Empty where nothing arrives that could be answered. */
  readonly back: readonly Hop[];
};

/** Bytes of a small packet: of ping's, and of a TCP connection's first one without options. */
const SMALL = { icmp: 84, tcp: 40 } as const;

/** The ways for each size. */
export const waysOf = (world: World, question: Question): readonly Way[] =>
  sizesOf(world, question).map((size) => {
    const { from, to, port } = question;
    const packet = request({ source: from.address, destination: to.address, port, size });
    const { there, back } = walkBoth(world, { from: from.place, packet });
    return { size, there: there.hops, back: back?.hops ?? [] };
  });

const sizesOf = (world: World, { from, port, size }: Question): readonly number[] => {
  if (port !== undefined) return [SMALL.tcp];
  if (size !== undefined) return [size];
  const space = world.get(from.place.host)?.depth.containers.get(from.place.container ?? "")?.space;
  const mtu = space?.links.find((link) => hasAddress(link, from.address))?.mtu ?? SMALL.icmp;
  return mtu > SMALL.icmp ? [SMALL.icmp, mtu] : [SMALL.icmp];
};

/** What is blamed, as far as both kinds of trace can tell. */
export type Fault = {
  readonly hop: Hop;
  /** The device where packets were last seen, and the first one where they were not. */
  readonly last: Hop | undefined;
  readonly missing: Hop | undefined;
  readonly why: string;
  readonly evidence: readonly string[];
  /** Command for the hop's host, where it is not the hop itself that is to be taken away. */
  readonly command?: string | undefined;
};

/** With the policy rule that leads to the blamed route, where that is in a table of its own. */
export const withRule = (fault: Fault | undefined, around: Around, { from, to }: Question): Fault | undefined => {
  const led = fault && diversion(around, fault.hop, { source: from.address, destination: to.address });
  if (fault === undefined || led === undefined) return fault;
  return { ...fault, evidence: [`${led.rule} leads there`, ...fault.evidence], command: led.command };
};

/** What follows from the ways alone: the first thing that drops packets for sure. */
export const staticFault = (
  ways: readonly Way[],
  { source, isSourceKept }: { readonly source: string; readonly isSourceKept: boolean },
): Fault | undefined => {
  for (const { there, back, size } of ways) {
    const hops = [...there, ...back];
    const hop = hops.find(({ verdict }) => verdict === "drops");
    const taps = hops
      .slice(0, hop === undefined ? 0 : hops.indexOf(hop))
      .filter(({ decides }) => decides.kind === "tap");
    const after = hops.slice(hop === undefined ? hops.length : hops.indexOf(hop));
    const missing = after.find(({ decides }) => decides.kind === "tap");
    const fault = hop && {
      hop,
      last: taps.at(-1),
      missing,
      why: hop.why,
      evidence: ways.length > 1 && size !== ways[0]?.size ? [`packets of ${size} bytes only`] : [],
    };
    const found = undisguised(fault, there, { source, isSourceKept });
    if (found !== undefined) return found;
  }
  return undefined;
};

/** Blames what changed the source of packets for what became of them afterwards, where containers are to keep theirs. */
export const undisguised = (
  fault: Fault | undefined,
  there: readonly Hop[],
  { source, isSourceKept }: { readonly source: string; readonly isSourceKept: boolean },
): Fault | undefined => {
  const mask = isSourceKept ? disguise(there, source) : undefined;
  if (mask === undefined) return fault;
  if (fault === undefined)
    return {
      hop: mask,
      last: undefined,
      missing: undefined,
      why: `${mask.why}: packets do not arrive with their own address`,
      evidence: [],
    };
  if (!comesOf(fault.hop, mask, there)) return fault;
  return {
    ...fault,
    hop: mask,
    why: `${mask.why}, with which it does not get through`,
    evidence: [`then ${fault.hop.host} drops it: ${deciderText(fault.hop.decides)}`, ...fault.evidence],
  };
};
