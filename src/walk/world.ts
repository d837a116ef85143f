import type { Depth, DeepLink, Space } from "../model/depth.ts";
import type { Facts } from "../model/facts.ts";
import type { Decider, Hop } from "./hop.ts";
import type { HookNote } from "./hooks.ts";
import type { Tracked } from "./nat.ts";
import type { Packet } from "./packet.ts";

/** Hosts that were looked at deeply, by name. */
export type World = ReadonlyMap<
  string,
  { readonly facts: Pick<Facts, "wireguard" | "containers">; readonly depth: Depth }
>;

/** A network namespace: of a container by its id, else the host's own. */
export type Place = { readonly host: string; readonly container: string | undefined };

/** What happens next to a packet. */
export type Step =
  /** It is made there. */
  | { readonly kind: "send"; readonly place: Place; readonly packet: Packet }
  /** It comes in by a device; whoever sent it looked for the next hop. */
  | {
      readonly kind: "enter";
      readonly place: Place;
      readonly packet: Packet;
      readonly link: DeepLink;
      readonly nextHop: string;
    }
  /** It is handed to a device. */
  | {
      readonly kind: "transmit";
      readonly place: Place;
      readonly packet: Packet;
      readonly link: DeepLink;
      readonly nextHop: string;
      /** The route that says so. */
      readonly by: Decider;
    }
  /** It is for this namespace. */
  | { readonly kind: "arrived"; readonly place: Place; readonly packet: Packet }
  | { readonly kind: "ended" };

export const ended: Step = { kind: "ended" };

/** What a walk has come to so far. */
export type Trail = {
  readonly world: World;
  readonly hops: Hop[];
  readonly tracked: Tracked[];
  /** Packets that are inside of the one that is on its way, the innermost first, with where they were wrapped up. */
  readonly inside: { readonly packet: Packet; readonly place: Place; readonly link: DeepLink }[];
};

export const spaceOf = ({ world }: Pick<Trail, "world">, { host, container }: Place): Space => {
  const depth = world.get(host)?.depth;
  const space = container === undefined ? depth?.own : depth?.containers.get(container)?.space;
  if (space === undefined) throw new TypeError(`${host} was not looked at, or has no container ${container ?? ""}`);
  return space;
};

type Said = Pick<Hop, "verdict" | "why" | "packet"> & { readonly point: string; readonly decides: Decider };

/** Writes a hop down. */
export const say = (trail: Trail, { host, container }: Place, said: Said): void => {
  trail.hops.push({ host, container, ...said, isOuter: trail.inside.length > 0 });
};

export const sayNotes = (trail: Trail, place: Place, notes: readonly HookNote[]): void => {
  for (const note of notes) say(trail, place, note);
};

export const linkOf = (space: Space, device: string | undefined): DeepLink | undefined =>
  space.links.find(({ name }) => name === device);

export const hasAddress = (link: DeepLink, address: string): boolean =>
  link.addresses.some((own) => own.address === address);

/** The host with that address, and the device that has it. */
export const hostWith = (world: World, address: string): { host: string; link: DeepLink } | undefined => {
  for (const [host, { depth }] of world) {
    const link = depth.own.links.find((each) => each.name !== "lo" && hasAddress(each, address));
    if (link !== undefined) return { host, link };
  }
  return undefined;
};

/** The container of a host with that address, and its device. */
export const containerWith = (
  world: World,
  host: string,
  address: string,
): { id: string; link: DeepLink; peer: string | undefined } | undefined => {
  for (const [id, { space, peers }] of world.get(host)?.depth.containers ?? []) {
    const link =
      space === world.get(host)?.depth.own ? undefined : space.links.find((each) => hasAddress(each, address));
    if (link !== undefined) return { id, link, peer: peers.get(link.name) };
  }
  return undefined;
};
