import { formatIp } from "../cidr.ts";

/** UDP ports of the project's tunnels. */
export type TunnelPorts = { readonly vxlan: number; readonly wireguard: readonly number[] };

/**
 * What a packet is, in one line: `172.30.1.2 > 172.30.2.2 icmp echo request id 1 seq 7`, and for a tunnel's packet the outer addresses and
 * what is inside. Whatever the bytes are, it says what it can.
 */
export const packetText = (linkType: number, data: Buffer, ports: TunnelPorts): string => {
  try {
    return frame(linkType, data, ports);
  } catch (error) {
    // Reading behind the end of a buffer: the packet is shorter than its headers say.
    if (error instanceof RangeError) return `cut short, ${data.length} bytes`;
    throw error;
  }
};

/** By numbers of the LINKTYPE_ registry: where the EtherType is, and where the packet begins. */
const LINKS: ReadonlyMap<number, { readonly type: number; readonly packet: number }> = new Map([
  [1, { type: 12, packet: 14 }],
  [113, { type: 14, packet: 16 }],
  [276, { type: 0, packet: 20 }],
]);

/** LINKTYPE_RAW and what OpenBSD and Linux name LINKTYPE_IPV4: the packet alone. */
const RAW = [12, 14, 101, 228, 229];

const frame = (linkType: number, data: Buffer, ports: TunnelPorts): string => {
  const link = LINKS.get(linkType);
  if (link !== undefined) return byEtherType(data.readUInt16BE(link.type), data.subarray(link.packet), ports);
  if (RAW.includes(linkType)) return byEtherType(data.readUInt8(0) >> 4 === 6 ? 0x86dd : 0x0800, data, ports);
  return `link type ${linkType}, ${data.length} bytes`;
};

const byEtherType = (type: number, data: Buffer, ports: TunnelPorts): string => {
  if (type === 0x0800) return ipv4(data, ports);
  if (type === 0x0806) return arp(data);
  // 802.1Q and 802.1ad: a tag, then the EtherType proper.
  if (type === 0x8100 || type === 0x88a8) {
    const tag = data.readUInt16BE(0) & 0xfff;
    return `vlan ${tag} ${byEtherType(data.readUInt16BE(2), data.subarray(4), ports)}`;
  }
  if (type === 0x86dd) return `ipv6 protocol ${data.readUInt8(6)}`;
  return `ethertype 0x${type.toString(16).padStart(4, "0")}`;
};

const address = (data: Buffer, at: number): string => formatIp(data.readUInt32BE(at));

const arp = (data: Buffer): string => {
  const [from, to] = [address(data, 14), address(data, 24)];
  return data.readUInt16BE(6) === 1 ? `arp who has ${to}, tell ${from}` : `arp ${from} is at ${mac(data)}`;
};

const mac = (data: Buffer): string => data.subarray(8, 14).toString("hex").replace(/..\B/g, "$&:");

const ipv4 = (data: Buffer, ports: TunnelPorts): string => {
  const head = (data.readUInt8(0) & 0xf) * 4;
  const [from, to] = [address(data, 12), address(data, 16)];
  const fragment = data.readUInt16BE(6);
  const offset = (fragment & 0x1fff) * 8;
  const protocol = data.readUInt8(9);
  if (offset > 0) return `${from} > ${to} protocol ${protocol} fragment at ${offset}`;
  const payload = data.subarray(head, Math.max(head, data.readUInt16BE(2)));
  const more = (fragment & 0x2000) === 0 ? "" : " (first fragment)";
  return `${transport({ from, to, protocol, payload }, ports)}${more}`;
};

type Ipv4 = { readonly from: string; readonly to: string; readonly protocol: number; readonly payload: Buffer };

const transport = ({ from, to, protocol, payload }: Ipv4, ports: TunnelPorts): string => {
  const between = `${from} > ${to}`;
  if (protocol === 1) return `${between} ${icmp(payload)}`;
  if (protocol === 4) return `${between} ipip: ${ipv4(payload, ports)}`;
  if (protocol !== 6 && protocol !== 17) return `${between} protocol ${protocol}`;
  const [source, target] = [payload.readUInt16BE(0), payload.readUInt16BE(2)];
  if (protocol === 6) return `${from}:${source} > ${to}:${target} ${tcp(payload)}`;
  if (target === ports.vxlan) {
    // RFC 7348: UDP 8 bytes, VXLAN 8 bytes with the network identifier at 4, then an Ethernet frame.
    return `${between} vxlan ${payload.readUInt32BE(12) >>> 8}: ${frame(1, payload.subarray(16), ports)}`;
  }
  if (ports.wireguard.includes(target) || ports.wireguard.includes(source))
    return `${between} wireguard ${wireguard(payload)}`;
  return `${from}:${source} > ${to}:${target} udp ${payload.readUInt16BE(4) - 8} bytes`;
};

const ICMP: Readonly<Record<number, string>> = {
  0: "echo reply",
  3: "unreachable",
  5: "redirect",
  8: "echo request",
  11: "time exceeded",
};

/** Code 4 of `unreachable`: the packet may not be fragmented and is too big for the next hop (RFC 1191). */
const icmp = (data: Buffer): string => {
  const [type, code] = [data.readUInt8(0), data.readUInt8(1)];
  const name = `icmp ${ICMP[type] ?? `type ${type}`}`;
  if (type === 0 || type === 8) return `${name} id ${data.readUInt16BE(4)} seq ${data.readUInt16BE(6)}`;
  if (type === 3 && code === 4) return `${name}: too big, mtu ${data.readUInt16BE(6)}`;
  return `${name} code ${code}`;
};

const FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"] as const;

const tcp = (data: Buffer): string => {
  const bits = data.readUInt8(13);
  const flags = FLAGS.filter((_, bit) => (bits & (1 << bit)) !== 0).join(",");
  const length = data.length - (data.readUInt8(12) >> 4) * 4;
  return `tcp ${flags} seq ${data.readUInt32BE(4)} ack ${data.readUInt32BE(8)} ${Math.max(0, length)} bytes`;
};

/** Message types of the WireGuard protocol (its paper, section 5.4). */
const WIREGUARD: Readonly<Record<number, string>> = {
  1: "handshake",
  2: "handshake answer",
  3: "cookie",
  4: "data",
};

const wireguard = (data: Buffer): string =>
  `${WIREGUARD[data.readUInt8(8)] ?? "unknown"} ${data.readUInt16BE(4) - 8} bytes`;
