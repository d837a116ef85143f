import type { LabHost } from "./record.ts";
import { fabricAddress, namespaceOf, outsideAddress } from "./names.ts";
import { run } from "./run.ts";

/** Makes the namespaces, the switch and every host's cable, all inside namespaces: the machine's own gets no link. */
export const buildFabric = async (
  lab: string,
  hosts: readonly LabHost[],
  signal: AbortSignal | undefined,
): Promise<void> => {
  const fabric = namespaceOf(lab);
  const namespaces = [fabric, ...hosts.map((host) => namespaceOf(lab, host.name))];
  await ipBatch(
    [],
    namespaces.map((name) => `netns add ${name}`),
    signal,
  );
  await ipBatch(["-n", fabric], [...switchLines(), ...hosts.flatMap((host) => cableLines(lab, host))], signal);
  await run("nsenter", [`--net=/run/netns/${fabric}`, "sh", "-c", switchSysctls], { signal });
};

/** A new namespace and cable for a host that was taken down: its kernel state begins afresh, as after a reboot. */
export const rebuildHost = async (lab: string, host: LabHost): Promise<void> => {
  await ipBatch([], [`netns add ${namespaceOf(lab, host.name)}`]);
  await ipBatch(["-n", namespaceOf(lab)], cableLines(lab, host));
};

/** The switch's end of a host's cable; the kernel would take it too, but a little later than a new one may be made. */
export const removeCable = async (lab: string, host: string): Promise<void> => {
  await run("ip", ["-n", namespaceOf(lab), "link", "del", host]);
};

/** The commands of a host's own side, for its `ip -batch`; in its init, since that already runs there. */
export const hostLines = (host: LabHost): readonly string[] => [
  "link set lo up",
  `address add ${host.address}/24 dev eth0`,
  "link set eth0 up",
  // The nc between the operator and a host leaves Nagle's algorithm on: with delayed acknowledgements every second small
  // write waits 40 ms, which no host that is reached directly does (tcp(7), ip-route(8) quickack).
  `route change 10.211.55.0/24 dev eth0 proto kernel scope link src ${host.address} quickack 1`,
  `route add default via ${fabricAddress}`,
];

const switchLines = (): readonly string[] => [
  "link set lo up",
  `address add ${outsideAddress}/32 dev lo`,
  "link add br0 type bridge",
  `address add ${fabricAddress}/24 dev br0`,
  "link set br0 up",
  // no way out: an address nobody has is refused at once instead of timing out
  "route add unreachable default",
];

/** Locally administered, and the same after a reboot: the others' neighbour tables would send to the old one for a while. */
const macOf = (address: string): string =>
  ["02", "00", ...address.split(".").map((octet) => Number(octet).toString(16).padStart(2, "0"))].join(":");

// the switch's end has the host's name, so that a capture there can be read
const cableLines = (lab: string, { name, address }: LabHost): readonly string[] => [
  `link add ${name} type veth peer name eth0 address ${macOf(address)} netns ${namespaceOf(lab, name)}`,
  `link set ${name} master br0 up`,
];

// the refusals come as fast as the kernel lets them: five at once, then one a second for each asker (its limit for
// unreachable routes, route/error_burst, is not a namespace's to change; icmp(7)'s icmp_ratelimit is)
const switchSysctls = "echo 1 > /proc/sys/net/ipv4/ip_forward && echo 0 > /proc/sys/net/ipv4/icmp_ratelimit";

const ipBatch = async (options: readonly string[], lines: readonly string[], signal?: AbortSignal) =>
  await run("ip", [...options, "-batch", "-"], { input: `${lines.join("\n")}\n`, signal });
