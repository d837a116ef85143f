import type { Look } from "../src/commands/look.ts";
import { facts, look } from "./captured.ts";
import { parseInventory } from "../src/inventory/parse.ts";
import type { Sight } from "../src/model/sight.ts";
import { routeMetric } from "../src/model/names.ts";

/** A fleet on one wide segment, every host with a route to each other one already, or with nothing of xhost; its pool is just as big. */
export const fleet = async (
  count: number,
  { stands = true }: { readonly stands?: boolean } = {},
): Promise<Pick<Look, "inventory" | "sights">> => {
  const ip = (i: number): string => `10.211.${Math.floor(i / 200)}.${(i % 200) + 1}`;
  const hosts = Array.from({ length: count }, (_, i) => `  n${i}: ${ip(i)}\n`).join("");
  const pool = `10.0.0.0/${24 - Math.ceil(Math.log2(count))}`;
  const text = `name: capture\nhosts:\n${hosts}networks: { app: { pool: ${pool}, plane: route } }\n`;
  const inventory = parseInventory(text, { file: "fleet.yml", env: {} });
  const base = await facts("before", "h2");
  const others = inventory.hosts.map((_, i) => ({
    destination: `10.${Math.floor(i / 256)}.${i % 256}.0/24`,
    device: "eth0",
    gateway: ip(i),
    protocol: "88",
    metric: routeMetric("capture"),
  }));
  const sights = inventory.hosts.map((host, i): [string, Sight] => {
    const interfaces = base.interfaces.map((each) =>
      each.name === "eth0" ? { ...each, addresses: [{ address: ip(i), prefix: 16 }] } : each,
    );
    const wide = { destination: "10.211.0.0/16", device: "eth0", source: ip(i), protocol: "2", metric: 0 };
    const own = { ...base, sshAddress: ip(i), interfaces, routes: stands ? [wide, ...others] : [wide] };
    return [host.name, { host, hostname: host.ssh.host, facts: own }];
  });
  return { inventory, sights: new Map(sights) };
};

/** The captured inventory and its hosts before a deploy. */
export const both = async (edit?: (t: string) => string): Promise<[Look["inventory"], Look["sights"]]> => {
  const seen = await look({ moment: "before", ...(edit && { edit }) });
  return [seen.inventory, seen.sights];
};
