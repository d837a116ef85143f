import type { ContainerRow, HostRow, NetworkRow, RouteRow } from "./status-rows.ts";
import { table } from "./table.ts";

type Rows = {
  readonly hosts: readonly HostRow[];
  readonly networks: readonly NetworkRow[];
  readonly containers: readonly ContainerRow[];
  readonly routes: readonly RouteRow[];
};

/** The tables of `status`; those without rows are left out. */
export const statusTables = ({ hosts, networks, containers, routes }: Rows): readonly string[] => [
  ...section(
    "HOST ADDRESS DOCKER KERNEL STATE",
    hosts.map((h) => [h.host, h.address, h.docker, h.kernel, stateText(h)]),
  ),
  ...section(
    "NETWORK HOST SUBNET BRIDGE PLANE FIREWALL",
    networks.map((n) => [
      n.network,
      n.host,
      n.subnets.join(", "),
      n.seen ? (n.bridge ?? "not there") : "unknown",
      n.plane,
      firewallText(n),
    ]),
  ),
  ...section(
    "CONTAINER HOST NETWORK ADDRESS IMAGE STATE",
    containers.map((c) => [
      c.container,
      c.host,
      c.network,
      c.address,
      c.image,
      c.status ?? (c.state === "missing" ? "not there" : c.state),
    ]),
  ),
  ...section(
    "ROUTE_ON TO VIA DEVICE MTU",
    routes.map((r) => [r.host, r.to, r.via, r.device, r.mtu === null ? null : String(r.mtu)]),
  ),
];

const section = (heads: string, rows: readonly (readonly (string | null)[])[]): readonly string[] =>
  rows.length === 0
    ? []
    : [
        table(
          heads.split(" ").map((head) => head.replace("_", " ")),
          rows.map((row) => row.map((cell) => cell ?? "")),
        ),
      ];

const stateText = ({ state, drift }: HostRow): string => {
  const told =
    drift && `${drift.add} to add, ${drift.change} to change, ${drift.replace} to replace, ${drift.remove} to remove`;
  if (state === "differs") return `differs: ${told ?? ""}`;
  return state === "unmeasured" ? "not all ways are measured: xhost plan measures them and tells what differs" : state;
};

const firewallText = ({ seen, firewall, guarded }: NetworkRow): string =>
  !seen ? "unknown" : firewall === "none" || guarded ? firewall : `${firewall}, not there`;
