import { parseIp } from "../cidr.ts";
import type { Endpoint } from "../doctor/finding.ts";
import { XhostError } from "../errors.ts";
import type { InventoryContainer } from "../inventory/inventory.ts";
import { quote } from "../ssh/quote.ts";
import type { Host } from "../ssh/host.ts";
import type { Taken } from "./points.ts";

/**
 * Finds the containers' network devices, inside their namespaces, by their addresses. REMOTE XhostErrors for a container that does not run, and
 * where the host has no tcpdump.
 */
export const devicesOf = async (
  host: Host,
  containers: readonly InventoryContainer[],
  endpoints: readonly Endpoint[],
): Promise<readonly Taken[]> => {
  const fail = (why: string): never => {
    throw new XhostError("REMOTE", why, { host: host.name });
  };
  const running = containers.map((container) => {
    const { pid, address, state } = endpoints.find(({ ref }) => ref === container.ref) ?? { pid: 0, state: "unknown" };
    const base = parseIp(address ?? "");
    if (pid === 0 || address === undefined || base === undefined)
      return fail(
        `container ${container.name} does not run on network ${container.network} (${state}): run \`xhost deploy\``,
      );
    return { container, pid, address, end: { base, prefix: 32 } };
  });
  const asked = running.map(({ pid, address }) => `nsenter -t ${pid} -n ip -o -4 address show to ${quote(address)}/32`);
  const script = [`command -v tcpdump >/dev/null || { echo missing; exit 0; }`, ...asked].join("\n");
  const output = await host.run(script, "look for the containers' network devices");
  if (output === "missing\n") return fail("tcpdump is missing: apt install tcpdump");
  // A line for each, as they were asked: `12: eth0    inet 172.30.1.2/24 ...`.
  const lines = output.trim().split("\n");
  return running.map(({ container, pid, end }, i) => {
    const device = /^\d+: ([^\s@]+)/.exec(lines[i] ?? "")?.[1];
    return {
      ...container,
      end,
      inside: { pid, device: device ?? fail(`${container.name} has no device with its address`) },
    };
  });
};
