import { block, cidrOf, formatIp } from "../cidr.ts";
import { adopted, type Fabric } from "../model/fabric.ts";
import type { Facts } from "../model/facts.ts";
import { bridgeName } from "../model/names.ts";
import { placeOf, type PlannedLeg } from "../model/place.ts";
import { planes } from "../model/planes/index.ts";
import { answerTo, request, type Packet } from "./packet.ts";

/** A packet on its way through a host, the hooks that it passes there (nft(8)), and the devices. */
export type Passing = {
  readonly packet: Packet;
  readonly hooks: readonly string[];
  readonly incoming: string | undefined;
  readonly outgoing: string | undefined;
  /** Whether it is a tunnel's own, and not one between containers. */
  readonly isOuter: boolean;
};

/**
 * What will pass through a host for the networks that xhost opens there, whether they stand already or not: toward each peer and back a ping
 * and a connection with their answers, and a tunnel's own packets. `named` is what a bridge is to be called.
 */
export const passingOn = (
  fabric: Fabric,
  host: string,
  facts: Facts,
  named: (bridge: string) => string,
): readonly Passing[] =>
  fabric.inventory.networks
    .filter((network) => network.blocks.has(host) && network.firewall !== "none")
    .flatMap((network) => {
      const { self, legs } = placeOf(network, fabric, host, facts);
      const project = fabric.inventory.name;
      const bridge = named(adopted(network, host, facts)?.bridge ?? bridgeName(project, network.name));
      return legs.flatMap((leg) => [
        ...forwarded(self.subnets, leg.peer.subnets, [bridge, planes[leg.plane].device(project, leg.peer)]),
        ...tunnelled(fabric, host, leg),
      ]);
    });

type Devices = readonly [bridge: string, device: string];

const forwarded = (
  [mine]: readonly string[],
  [theirs]: readonly string[],
  [bridge, device]: Devices,
): readonly Passing[] => {
  if (mine === undefined || theirs === undefined) return [];
  const [inside, outside] = [second(mine), second(theirs)];
  const common = { hooks: ["prerouting", "forward", "postrouting"], isOuter: false };
  return [undefined, 80].flatMap((port) => {
    const [out, back] = [
      request({ source: inside, destination: outside, port }),
      request({ source: outside, destination: inside, port }),
    ];
    return [
      ...[out, answerTo(back)].map((packet) => ({ ...common, packet, incoming: bridge, outgoing: device })),
      ...[back, answerTo(out)].map((packet) => ({ ...common, packet, incoming: device, outgoing: bridge })),
    ];
  });
};

/** The first address that Docker gives to a container. */
const second = (subnet: string): string => formatIp(block(cidrOf(subnet), 32, 2).base);

/** In and out; nothing for a plane without packets of its own. */
const tunnelled = ({ ports, addresses }: Fabric, host: string, { plane, peer }: PlannedLeg): readonly Passing[] => {
  if (planes[plane].link === undefined) return [];
  const packet = (source: string, destination: string, toward: string): Packet => {
    const [kind, port] = planes[plane].carrier(ports, toward).split(":");
    const carried = kind === "proto4" ? { protocol: 4 } : { protocol: 17, port: Number(port) };
    return { ...request({ source, destination }), icmpType: undefined, ...carried };
  };
  const [local, by] = [addresses.get(host) ?? "", peer.path.device];
  const coming = { packet: packet(peer.address, local, host), hooks: ["prerouting", "input"] };
  const going = { packet: packet(local, peer.address, peer.host), hooks: ["output", "postrouting"] };
  return [
    { ...coming, incoming: by, outgoing: undefined, isOuter: true },
    { ...going, incoming: undefined, outgoing: by, isOuter: true },
  ];
};
