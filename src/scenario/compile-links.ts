import type { Step } from "./build.ts";
import type { Device, End, Link, NodeKind, TunnelEnd } from "./scenario.ts";
import { ip } from "./words.ts";

type Kinds = ReadonlyMap<string, NodeKind>;
type Veth = Extract<Link, { type: "veth" }>;
type Ipip = Extract<Link, { type: "ipip" }>;

/** A cable: two devices, what goes into one comes out of the other (veth(4)). */
export const vethSteps = (link: Veth, kinds: Kinds): readonly Step[] => {
  const isAway = ({ node }: End): boolean => kinds.get(node) === "netns";
  return [
    ...(link.inPlace ? [madeInPlace(link, isAway)] : madeAndMoved(link, isAway)),
    ...link.ends.flatMap((end) => endSteps(end, { isAway: isAway(end), kind: kinds.get(end.node), mtu: link.mtu })),
  ];
};

const madeInPlace = ({ ends: [one, other] }: Veth, isAway: (end: End) => boolean): Step => {
  const at = (end: End): string => (isAway(end) ? ` netns ${end.node}` : "");
  const home = [one, other].find((end) => !isAway(end));
  return {
    command: `ip link add ${one.interface}${at(one)} type veth peer name ${other.interface}${at(other)}`,
    does: `makes the cable ${one.interface}-${other.interface} with both ends where they belong, in one command`,
    undo: home === undefined ? `ip -n ${one.node} link del ${one.interface}` : `ip link del ${home.interface}`,
  };
};

const madeAndMoved = ({ ends }: Veth, isAway: (end: End) => boolean): readonly Step[] => {
  const [one, other] = ends;
  // Once it was moved, a device of that name on the host is somebody else's.
  const isGone = isAway(one) && isAway(other);
  return [
    {
      command: `ip link add ${one.interface} type veth peer name ${other.interface}`,
      does: `makes a cable with the ends ${one.interface} and ${other.interface}, both here on the host for now`,
      undo: `ip link del ${[one, other].find((end) => !isAway(end))?.interface ?? one.interface}`,
      ...(isGone && { until: 1 }),
    },
    ...ends.filter(isAway).map((end) => ({
      command: `ip link set ${end.interface} netns ${end.node}`,
      does: `moves ${end.interface} into ${end.node}; it is gone from here`,
      undo: `ip -n ${end.node} link del ${end.interface}`,
    })),
  ];
};

type At = { readonly isAway: boolean; readonly kind: NodeKind | undefined; readonly mtu: number | undefined };

const endSteps = (end: End, { isAway, kind, mtu }: At): readonly Step[] => {
  const { node, interface: device, ipv4, mac } = end;
  const tool = ip(node, isAway);
  const step = (command: string, does: string): Step => ({ command, does, undo: undefined });
  return [
    ...(kind === "bridge"
      ? [step(`ip link set ${device} master ${node}`, `makes ${device} a port of the bridge ${node}`)]
      : []),
    ...(kind === "ovs-bridge" ? [ovsPort(node, device)] : []),
    ...(mac === undefined
      ? []
      : [step(`${tool} link set ${device} address ${mac}`, `gives ${device} the Ethernet address ${mac}`)]),
    ...(mtu === undefined
      ? []
      : [step(`${tool} link set ${device} mtu ${mtu}`, `lets ${device} carry packets of up to ${mtu} bytes`)]),
    ...(ipv4 === undefined ? [] : [step(`${tool} address add ${ipv4} dev ${device}`, addressed(end))]),
    step(`${tool} link set ${device} up`, `switches ${device} on`),
  ];
};

const ovsPort = (bridge: string, device: string): Step => ({
  command: `ovs-vsctl add-port ${bridge} ${device}`,
  does: `makes ${device} a port of the switch ${bridge}`,
  undo: `ovs-vsctl --timeout=5 --if-exists del-port ${bridge} ${device}`,
});

const addressed = ({ node, interface: device }: End): string =>
  `gives ${device}${node === "host" ? "" : ` in ${node}`} its address, and with it the route to that network`;

/** Packets inside of packets: IP protocol 4 (RFC 2003). */
export const ipipSteps = ({ ends, mtu }: Ipip): readonly Step[] => ends.flatMap((end) => tunnelSteps(end, mtu));

const tunnelSteps = (
  { node, interface: device, ipv4 = "", peer, local, remote }: TunnelEnd,
  mtu: number | undefined,
): readonly Step[] => {
  const isAway = node !== "host";
  const tool = ip(node, isAway);
  return [
    {
      command: `${tool} tunnel add ${device} mode ipip remote ${remote} local ${local}`,
      does: `makes a tunnel: what is sent into ${device} travels inside a packet from ${local} to ${remote}`,
      undo: `${tool} tunnel del ${device}`,
    },
    ...(mtu === undefined
      ? []
      : [
          {
            command: `${tool} link set ${device} mtu ${mtu}`,
            does: `lets ${device} carry packets of up to ${mtu} bytes`,
            undo: undefined,
          },
        ]),
    {
      command: `${tool} address add ${ipv4} peer ${peer} dev ${device}`,
      does: `gives this end the address ${ipv4}, and says that ${peer} is at the other end`,
      undo: undefined,
    },
    { command: `${tool} link set ${device} up`, does: `switches ${device} on`, undo: undefined },
  ];
};

/** The program that holds a tun or tap device open, and what it writes down; in the scenario's folder, which is the shell's. */
export const deviceFiles = (device: string) => ({ program: "tuntap.pl", log: `${device}.log`, pid: `${device}.pid` });

/** A device whose other end is a process: it gets what is sent there by reading a file (kernel, networking/tuntap.rst). */
export const deviceSteps = ({ type, end, mtu }: Device): readonly Step[] => {
  const { node, interface: device, ipv4, mac } = end;
  const isAway = node !== "host";
  const tool = ip(node, isAway);
  const { program, log, pid } = deviceFiles(device);
  const step = (command: string, does: string): Step => ({ command, does, undo: undefined });
  const [what, whole] = type === "tun" ? ["IP packets", "bare"] : ["Ethernet frames", "with their headers"];
  return [
    {
      command: `${isAway ? `ip netns exec ${node} ` : ""}perl ${program} ${type} ${device} ${log} ${pid}`,
      does: `starts a process that opens /dev/net/tun and gets ${what} sent to ${device}, ${whole}; it answers pings`,
      undo: `test ! -f ${pid} || kill $(cat ${pid})`,
      isPartial: true,
    },
    ...(mac === undefined
      ? []
      : [step(`${tool} link set ${device} address ${mac}`, `gives ${device} the Ethernet address ${mac}`)]),
    ...(mtu === undefined
      ? []
      : [step(`${tool} link set ${device} mtu ${mtu}`, `lets ${device} carry packets of up to ${mtu} bytes`)]),
    ...(ipv4 === undefined ? [] : [step(`${tool} address add ${ipv4} dev ${device}`, addressed(end))]),
    step(`${tool} link set ${device} up`, `switches ${device} on`),
  ];
};
