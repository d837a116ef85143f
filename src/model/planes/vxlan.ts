import { linkName, macOf, vniOf } from "../names.ts";
import type { Resource } from "../state.ts";
import type { DataPlane } from "./plane.ts";
import { deviceMtu, missingModule, peersOf, tunnelRoutes } from "../tunnels.ts";

/**
 * VXLAN (RFC 7348) from host to host, used as a tunnel for routed packets: nothing is flooded, learnt or asked for. The next hop is the
 * peer's underlay address; a permanent neighbour gives its Ethernet address, which follows from that address, and an FDB entry the
 * host behind it. Needs: UDP to the project's port passes.
 */
export const vxlan: DataPlane = {
  // outer IP 20, UDP 8, VXLAN 8, inner Ethernet 14
  overhead: 50,
  link: "vxlan",
  carrier: ({ vxlan: port }) => `udp:${port}`,
  resources: (here, legs) => {
    const name = linkName(here.project, "vxlan");
    const device: Resource = {
      kind: "link",
      name,
      type: "vxlan",
      mtu: deviceMtu(legs),
      up: true,
      local: here.local,
      vni: vniOf(here.project),
      port: here.ports.vxlan,
      mac: macOf(here.ports.addresses.get(here.host) ?? here.local),
      checksum: needsChecksum(here.facts.kernel),
    };
    const peers = peersOf(legs).map(({ address }) => ({ address, mac: macOf(address) }));
    return [
      { kind: "module", name: "vxlan", present: true },
      device,
      ...peers.map(({ address, mac }): Resource => ({ kind: "neighbour", device: name, address, mac })),
      ...peers.map(({ address, mac }): Resource => ({ kind: "fdb", device: name, mac, destination: address })),
      ...tunnelRoutes(name, legs),
    ];
  },
  device: (project) => linkName(project, "vxlan"),
  obstacle: (here) => missingModule(here, "vxlan"),
  arriving: ({ vxlan: port }) => `-p udp -m udp --dport ${port}`,
};

/**
 * Before Linux 5.7 a NAT on the way wrote a checksum into UDP packets that have none, and a wrong one (kernel commit ea64d8d6c675): with
 * checksums of its own the device does not run into that.
 */
const needsChecksum = (kernel: string): boolean => {
  const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  return major < 5 || (major === 5 && minor < 7);
};
