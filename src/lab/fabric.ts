import type { LabHost, LabRecord } from "./record.ts";
import { labNamespaces } from "./end.ts";
import { namespaceOf, outsideAddress } from "./names.ts";
import { run } from "./run.ts";
import { bridgeOf, networkOf, routerOf, routersOf } from "./segments.ts";
import { setGuestMtu } from "./uml/mtu.ts";

/** Makes the namespaces, the switch and every host's cable, all inside namespaces: the machine's own gets no link. */
export const buildFabric = async (lab: LabRecord, signal: AbortSignal | undefined): Promise<void> => {
  const { hosts } = lab;
  const fabric = namespaceOf(lab.name);
  const namespaces = [fabric, ...(lab.kind === "netns" ? hosts.map(({ name }) => namespaceOf(lab.name, name)) : [])];
  await ipBatch(
    [],
    namespaces.map((name) => `netns add ${name}`),
    signal,
  );
  await run("nsenter", [`--net=/run/netns/${fabric}`, "sh", "-c", switchSysctls], { signal });
  await ipBatch(["-n", fabric], [...switchLines(hosts), ...hosts.flatMap((host) => cableLines(lab, host))], signal);
};

/**
 * A new namespace and cable for a host that was taken down: its kernel state begins afresh, as after a reboot. One with a kernel
 * of its own has neither; its tap stays.
 */
export const rebuildHost = async (lab: LabRecord, host: LabHost): Promise<void> => {
  if (lab.kind === "uml") return;
  await ipBatch([], [`netns add ${namespaceOf(lab.name, host.name)}`]);
  await ipBatch(["-n", namespaceOf(lab.name)], cableLines(lab, host));
};

/** The switch's end of a host's cable; the kernel would take it too, but a little later than a new one may be made. */
export const removeCable = async (lab: string, host: string): Promise<void> => {
  await run("ip", ["-n", namespaceOf(lab), "link", "del", host]);
};

/** Sets the MTU of a host's eth0, as its cable has it. A host that is down has no eth0: it gets its MTU when it is started. */
export const setHostMtu = async (lab: LabRecord, host: LabHost, mtu: number): Promise<void> => {
  if (lab.kind === "uml") return setGuestMtu(lab, host, mtu);
  const namespace = namespaceOf(lab.name, host.name);
  if ((await labNamespaces(lab.name)).includes(namespace))
    await ipBatch(["-n", namespace], [`link set eth0 mtu ${mtu}`]);
};

/** The commands of a host's own side, for its `ip -batch`; in its init, since that already runs there. */
export const hostLines = (host: LabHost): readonly string[] => [
  "link set lo up",
  `address add ${host.address}/24 dev eth0`,
  "link set eth0 up",
  // The nc between the operator and a host leaves Nagle's algorithm on: with delayed acknowledgements every second small
  // write waits 40 ms, which no host that is reached directly does (tcp(7), ip-route(8) quickack).
  `route change ${networkOf(host.address)} dev eth0 proto kernel scope link src ${host.address} quickack 1`,
  `route add default via ${routerOf(host.address)}`,
];

const switchLines = (hosts: readonly LabHost[]): readonly string[] => [
  "link set lo up",
  `address add ${outsideAddress}/32 dev lo`,
  ...routersOf(hosts).flatMap((router) => [
    `link add ${bridgeOf(router)} address ${macOf(router)} type bridge`,
    `address add ${router}/24 dev ${bridgeOf(router)}`,
    `link set ${bridgeOf(router)} up`,
  ]),
  // no way out: an address nobody has is refused at once instead of timing out
  "route add unreachable default",
];

/**
 * Locally administered, and the same after a reboot: the others' neighbour tables would send to the old one for a while. So it is
 * for a bridge, which would take the lowest of its ports' and change it when a host comes or goes.
 */
export const macOf = (address: string): string =>
  ["02", "00", ...address.split(".").map((octet) => Number(octet).toString(16).padStart(2, "0"))].join(":");

// the switch's end has the host's name, so that a capture there can be read
const cableLines = ({ name: lab, kind }: LabRecord, { name, address }: LabHost): readonly string[] => [
  kind === "uml"
    ? `tuntap add dev ${name} mode tap`
    : `link add ${name} type veth peer name eth0 address ${macOf(address)} netns ${namespaceOf(lab, name)}`,
  `link set ${name} master ${bridgeOf(address)} up`,
];

// rp_filter may begin with the machine's value (see init.ts), and a fabric that checks sources is a fault one asks for. Where
// br_netfilter is loaded, frames of one segment would go through iptables' hooks. The refusals come as fast as the kernel
// lets them: five at once, then one a second for each asker (its limit for unreachable routes, route/error_burst, is not a
// namespace's to change; icmp(7)'s icmp_ratelimit is).
const switchSysctls = `set -e
cd /proc/sys/net
echo 1 >ipv4/ip_forward
echo 0 >ipv4/icmp_ratelimit
for file in ipv4/conf/all/rp_filter ipv4/conf/default/rp_filter bridge/bridge-nf-call-*; do
  [ ! -e "$file" ] || echo 0 >"$file"
done`;

/** All the lines in one run of ip(8), with its options before; the first that fails ends it. */
export const ipBatch = async (
  options: readonly string[],
  lines: readonly string[],
  signal?: AbortSignal,
): Promise<string> => await run("ip", [...options, "-batch", "-"], { input: `${lines.join("\n")}\n`, signal });
