import { parsePort, type Port } from "./compose-values.ts";
import type { Service } from "./compose.ts";
import type { Inventory } from "./inventory.ts";
import type { Problem } from "./problem.ts";

/** The published ports of a service, ranges spelled out, short and long syntax alike. */
export const portsOf = (service: Service): readonly Port[] =>
  (service.ports ?? []).flatMap((port) => {
    if (typeof port !== "object") return parsePort(String(port)) ?? [];
    const { target, published, host_ip: hostIp = "", protocol = "tcp" } = port;
    return [{ target, protocol, hostIp, published: published === undefined ? "" : String(published) }];
  });

/** Two containers that want one port of one host: the second would fail to start, half-way through a deploy. */
export const portProblems = (inventory: Inventory): readonly Problem[] => {
  const owners = new Map<string, { ref: string; hostIp: string }[]>();
  return inventory.containers.flatMap((container) =>
    portsOf(container.service)
      .filter((port) => port.published !== "")
      .flatMap((port) => {
        const key = `${container.host} ${port.published}/${port.protocol}`;
        const others = owners.get(key) ?? [];
        owners.set(key, [...others, { ref: container.ref, hostIp: port.hostIp }]);
        const any = (ip: string): boolean => ip === "" || ip === "0.0.0.0";
        const other = others.find((o) => any(o.hostIp) || any(port.hostIp) || o.hostIp === port.hostIp);
        if (other === undefined) return [];
        const message = `port ${port.published}/${port.protocol} of ${container.host} is published by ${other.ref} already`;
        return [{ path: ["containers", container.name, "ports"], message }];
      }),
  );
};
