import { cidrOf, contains, formatIp, parseIp, size } from "../cidr.ts";
import { allocate } from "./allocate.ts";
import type { Inventory, InventoryContainer, InventoryNetwork } from "./inventory.ts";
import type { Problem } from "./problem.ts";

/** Hosts that are one and the same, and fixed container addresses outside their block or given twice. */
export const addressProblems = (inventory: Inventory): readonly Problem[] => [
  ...sameHosts(inventory),
  ...inventory.networks.flatMap((network) => {
    const fixed = inventory.containers.filter((c) => c.network === network.name && c.address !== undefined);
    return fixed.flatMap((container, i) => [
      ...outside(container, network),
      ...fixed
        .slice(0, i)
        .filter((other) => other.address === container.address)
        .map((other) => problem(container, `${container.address ?? ""} is the address of ${other.ref} already`)),
    ]);
  }),
];

const problem = (container: InventoryContainer, message: string): Problem => ({
  path: ["containers", container.name, "ipv4_address"],
  message,
});

const outside = (container: InventoryContainer, network: InventoryNetwork): readonly Problem[] => {
  const source = network.blocks.get(container.host);
  if (source?.kind === "existing")
    return source.dockerNetwork === "bridge"
      ? [
          problem(
            container,
            "cannot be had on Docker's default bridge: it takes fixed addresses on networks of one's own only",
          ),
        ]
      : [];
  const block = allocate(network).get(container.host);
  const message = block === undefined ? undefined : addressMessage(container, block);
  return message === undefined ? [] : [problem(container, message)];
};

/** Why an address cannot be a container's in that block, undefined where it can; the first one is the gateway's. */
export const addressMessage = (container: InventoryContainer, block: string): string | undefined => {
  const cidr = cidrOf(block);
  const ip = parseIp(container.address ?? "");
  if (ip === undefined) return undefined;
  if (!contains(cidr, ip)) return `should be in ${block}, the block of ${container.network} on ${container.host}`;
  if (ip === cidr.base || ip === cidr.base + size(cidr) - 1) return `is the network or broadcast address of ${block}`;
  return ip === cidr.base + 1 ? `${formatIp(ip)} is the gateway of ${block}` : undefined;
};

const sameHosts = ({ hosts }: Inventory): readonly Problem[] => {
  const seen = new Map<string, string>();
  return hosts.flatMap((host) => {
    const { ssh, name } = host;
    const keys = [
      `ssh ${[ssh.host, ssh.port ?? "", ssh.proxyJump ?? "", ssh.proxyCommand ?? ""].join(" ")}`,
      ...(host.address === undefined ? [] : [`address ${host.address}`]),
    ];
    const other = keys.map((key) => seen.get(key)).find((found) => found !== undefined);
    for (const key of keys) seen.set(key, name);
    const what = host.address === undefined ? ssh.host : `${ssh.host} or ${host.address}`;
    return other === undefined
      ? []
      : [{ path: ["hosts", name], message: `is the same host as ${other} (${what})`, at: "key" } as const];
  });
};
