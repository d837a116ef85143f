import { linkName } from "../names.ts";
import type { Resource } from "../state.ts";
import type { DataPlane, Here, Peer } from "./plane.ts";
import { deviceMtu, missingModule, tunnelRoutes } from "../tunnels.ts";

/**
 * IP in IP (RFC 2003). One device without a fixed remote: the route's next hop is where the outer packet goes (ip_tunnel_xmit,
 * net/ipv4/ip_tunnel.c), so that a peer costs one route. The device has a local address, unlike the fallback device tunl0, which
 * comes with the module and is left down: up, it would take packets from anybody. Needs: IP protocol 4 passes.
 */
export const ipip: DataPlane = {
  overhead: 20,
  link: "ipip",
  carrier: () => "proto4",
  resources: (here, legs) => {
    const name = linkName(here.project, "ipip");
    const device: Resource = {
      kind: "link",
      name,
      type: "ipip",
      // The kernel takes 1500 for the underlay of a device without a remote, whatever it is (ip_tunnel_bind_dev).
      mtu: deviceMtu(legs),
      up: true,
      local: here.local,
    };
    return [{ kind: "module", name: "ipip", present: true }, device, ...tunnelRoutes(name, legs)];
  },
  device: (project) => linkName(project, "ipip"),
  obstacle: (here, peer) => missingModule(here, "ipip") ?? rival(here, peer),
  arriving: () => "-p 4",
};

/** A device of somebody else that has, or would get, the same packets: the kernel looks for remote and local, then for local alone (ip_tunnel_lookup). */
const rival = ({ facts, project, local, host }: Here, peer: Peer): string | undefined => {
  const found = facts.interfaces.find(
    ({ name, type, tunnel }) =>
      type === "ipip" &&
      name !== linkName(project, "ipip") &&
      tunnel?.local === local &&
      (tunnel.remote === undefined || tunnel.remote === peer.address),
  );
  return found && `the device ${found.name} of ${host} has the IPIP packets from ${peer.host} already`;
};
