import type { Facts } from "./facts.ts";
import { linkName } from "./names.ts";
import type { Sight } from "./sight.ts";

/** Where the tunnels of a project meet on the hosts. */
export type Ports = {
  /** UDP port of vxlan, the same on all hosts. */
  readonly vxlan: number;
  /** By host that has been looked at. */
  readonly wireguard: ReadonlyMap<string, WireguardEnd>;
  /** Where the other hosts reach each host. */
  readonly addresses: ReadonlyMap<string, string>;
};

type WireguardEnd = {
  readonly port: number;
  /** Undefined where the host has no key and does not get one in this run. */
  readonly publicKey: string | undefined;
  /** Whether the address under which it is reached is not its own. */
  readonly isBehindNat: boolean;
};

/** IANA's port for VXLAN, then Linux's own, then others that nothing is registered for. */
const VXLAN_PORTS = [4789, 8472, ...Array.from({ length: 64 }, (_, i) => 24789 + i)];
/** Of Swarm's overlay networks, unless it was told another (docker swarm init --data-path-port). */
const SWARM_PORT = 4789;
const WIREGUARD_PORT = 51820;

/** Ports that are free on the hosts, those that stand kept; pure, and the same whatever order the hosts come in. */
export const portsOf = (
  project: string,
  sights: ReadonlyMap<string, Sight>,
  { addresses, chosen }: { readonly addresses: ReadonlyMap<string, string>; readonly chosen: ReadonlySet<string> },
): Ports => {
  const all = [...sights.values()].flatMap(({ host, facts }) => (facts ? [{ host: host.name, facts }] : []));
  const wireguard = all.map(({ host, facts }): [string, WireguardEnd] => [
    host,
    {
      port: wireguardPort(project, facts),
      publicKey: keyOf(facts, project) ?? (chosen.has(host) ? publicKeyOf(host) : undefined),
      isBehindNat: !facts.interfaces.some((i) => i.addresses.some((a) => a.address === addresses.get(host))),
    },
  ]);
  const hosts = all.map(({ facts }) => facts);
  return { vxlan: vxlanPort(project, hosts), wireguard: new Map(wireguard), addresses };
};

/** The host's public key, unless its file is damaged. */
const keyOf = (facts: Facts, project: string): string | undefined => {
  const key = facts.keys.get(project);
  return key === "" ? undefined : key;
};

/** What stands for a key in a plan that is made before it. */
const publicKeyOf = (host: string): string => `<public key of ${host}>`;

const vxlanPort = (project: string, hosts: readonly Facts[]): number => {
  const own = hosts.map((facts) => facts.interfaces.find((i) => i.name === linkName(project, "vxlan"))?.tunnel?.port);
  const isFree = (port: number): boolean =>
    hosts.every((facts, i) => (own[i] === port || !facts.udpPorts.has(port)) && !(port === SWARM_PORT && facts.swarm));
  const standing = own.filter((port) => port !== undefined).sort((a, b) => a - b);
  return [...standing, ...VXLAN_PORTS].find(isFree) ?? 4789;
};

const wireguardPort = (project: string, facts: Facts): number => {
  const standing = facts.wireguard.find(({ name }) => name === linkName(project, "wireguard"))?.port;
  if (standing !== undefined && standing !== 0) return standing;
  let port = WIREGUARD_PORT;
  while (facts.udpPorts.has(port)) port += 1;
  return port;
};
