import type { Look } from "../src/commands/look.ts";
import { facts, look } from "./captured.ts";
import { parseInventory } from "../src/inventory/parse.ts";
import type { Sight } from "../src/model/sight.ts";
import { routeMetric } from "../src/model/names.ts";

/** A fleet on one wide segment, every host with a route to each other one already. */
export const fleet = async (count: number): Promise<Pick<Look, "inventory" | "sights">> => {
  const ip = (i: number): string => `10.211.${Math.floor(i / 200)}.${(i % 200) + 1}`;
  const hosts = Array.from({ length: count }, (_, i) => `  n${i}: ${ip(i)}\n`).join("");
  const text = `name: capture\nhosts:\n${hosts}networks: { app: { pool: 172.20.0.0/14, plane: route } }\n`;
  const inventory = parseInventory(text, { file: "fleet.yml", env: {} });
  const base = await facts("before", "h2");
  const others = inventory.hosts.map((_, i) => ({
    destination: `172.20.${i}.0/24`,
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
    const own = { ...base, sshAddress: ip(i), interfaces, routes: [wide, ...others] };
    return [host.name, { host, hostname: host.ssh.host, facts: own }];
  });
  return { inventory, sights: new Map(sights) };
};

/** The captured inventory and its hosts before a deploy. */
export const both = async (edit?: (t: string) => string): Promise<[Look["inventory"], Look["sights"]]> => {
  const seen = await look({ moment: "before", ...(edit && { edit }) });
  return [seen.inventory, seen.sights];
};

/** As many hosts on one wide segment on which nothing of xhost stands yet. */
export const newFleet = async (count: number): Promise<Pick<Look, "inventory" | "sights">> => {
  const ip = (i: number): string => `10.211.${Math.floor(i / 200)}.${(i % 200) + 1}`;
  const hosts = Array.from({ length: count }, (_, i) => `  n${i}: ${ip(i)}\n`).join("");
  const pool = `10.0.0.0/${16 - Math.ceil(Math.log2(count / 256))}`;
  const text = `name: capture\nhosts:\n${hosts}networks: { app: { pool: ${pool}, plane: route } }\n`;
  const inventory = parseInventory(text, { file: "fleet.yml", env: {} });
  const base = await facts("before", "h2");
  const sights = inventory.hosts.map((host, i): [string, Sight] => {
    const interfaces = base.interfaces.map((each) =>
      each.name === "eth0" ? { ...each, addresses: [{ address: ip(i), prefix: 16 }] } : each,
    );
    const wide = { destination: "10.211.0.0/16", device: "eth0", source: ip(i), protocol: "2", metric: 0 };
    return [
      host.name,
      { host, hostname: host.ssh.host, facts: { ...base, sshAddress: ip(i), interfaces, routes: [wide] } },
    ];
  });
  return { inventory, sights: new Map(sights) };
};
