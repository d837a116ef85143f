import { formatCidr, formatIp, type Cidr } from "../cidr.ts";

/** Expressions of pcap-filter(7). */

/** Whose packets are wanted. */
export type Ends = {
  /** Addresses of the containers, or the blocks of those whose address is not known. */
  readonly containers: readonly Cidr[];
  /** Addresses behind which they hide where a network masquerades; empty elsewhere. */
  readonly hidden: readonly Cidr[];
};

/** Where outer packets of tunnels are found on a host: UDP ports of its vxlan and wireguard devices, and whether it has one of ipip. */
export type Outer = {
  readonly vxlan: readonly number[];
  readonly wireguard: readonly number[];
  readonly ipip: boolean;
  /** Underlay addresses between which they go; empty for any. */
  readonly hosts: readonly string[];
};

/** All packets of one container, or those between several. */
export const innerFilter = ({ containers, hidden }: Ends): string => {
  const all = [...containers, ...hidden];
  if (containers.length === 1) return `net ${name(all[0])}`;
  const between = `(${any(all, (end) => `src net ${name(end)}`)}) and (${any(all, (end) => `dst net ${name(end)}`)})`;
  return hidden.length === 0 ? between : `${between} and (${any(containers, (end) => `net ${name(end)}`)})`;
};

/** The same narrowed by the user's own expression. */
export const narrowed = (filter: string, own: string | undefined): string =>
  own === undefined ? filter : `(${filter}) and (${own})`;

/**
 * Packets of tunnels that carry such packets. An expression sees the headers of the outer packet only, but its bytes all: the inner
 * addresses are where vxlan and ipip have them (RFC 7348, RFC 2003). Encrypted ones cannot be told apart. Undefined where there is no tunnel.
 */
export const outerFilter = (ends: Ends, { vxlan, wireguard, ipip, hosts }: Outer): string | undefined => {
  const parts = [
    // UDP 8 bytes, VXLAN 8, Ethernet 14; then in the inner header the source at 12.
    ...vxlan.map((port) => `udp dst port ${port} and (${addressesAt("udp", 8 + 8 + 14 + 12, ends)})`),
    // The outer header without options has 20 bytes.
    ...(ipip ? [`ip proto 4 and (${addressesAt("ip", 20 + 12, ends)})`] : []),
    ...wireguard.map((port) => `udp port ${port}${betweenHosts(hosts)}`),
  ];
  return parts.length === 0 ? undefined : any(parts, (part) => `(${part})`);
};

const betweenHosts = (hosts: readonly string[]): string =>
  hosts.length === 0 ? "" : ` and (${any(hosts, (host) => `host ${host}`)})`;

/** A match of the inner packet's addresses, the source `at` bytes behind where the protocol's header begins. */
const addressesAt = (protocol: string, at: number, { containers, hidden }: Ends): string => {
  const match = (where: number, ends: readonly Cidr[]): string =>
    any(ends, ({ base, prefix }) => {
      const value = `${protocol}[${where}:4]`;
      return prefix === 32
        ? `${value} = 0x${hex(base)}`
        : `${value} & 0x${hex(2 ** 32 - 2 ** (32 - prefix))} = 0x${hex(base)}`;
    });
  const all = [...containers, ...hidden];
  const [source, target] = [at, at + 4];
  if (containers.length === 1) return `${match(source, containers)} or ${match(target, containers)}`;
  const between = `(${match(source, all)}) and (${match(target, all)})`;
  return hidden.length === 0
    ? between
    : `${between} and (${match(source, containers)} or ${match(target, containers)})`;
};

const any = <T>(all: readonly T[], each: (one: T) => string): string => all.map(each).join(" or ");
const name = (end: Cidr | undefined): string =>
  end === undefined ? "" : end.prefix === 32 ? formatIp(end.base) : formatCidr(end);
const hex = (value: number): string => value.toString(16).padStart(8, "0");
