import { allocate } from "../inventory/allocate.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Context, Outcome } from "./context.ts";
import { readInventory } from "./read-inventory.ts";
import { table } from "./table.ts";

/** Checks the file alone, and shows which block each host gets as long as the hosts do not have others already. */
export const validate = async (file: string, context: Context): Promise<Outcome> => {
  const inventory = await readInventory(file, context);
  const rows = blocks(inventory);
  const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? "" : "s"}`;
  const { hosts, networks, containers, checks } = inventory;
  const summary = `${file} is fine: ${count(hosts.length, "host")}, ${count(networks.length, "network")}, ${count(containers.length, "container")}, ${count(checks.length, "check")}.`;
  const text =
    rows.length === 0
      ? summary
      : `${summary}\n\n${table(
          ["NETWORK", "HOST", "BLOCK"],
          rows.map((r) => [r.network, r.host, r.block]),
        )}`;
  return { text, json: { valid: true, name: inventory.name, blocks: rows }, code: 0 };
};

const blocks = (inventory: Inventory): { network: string; host: string; block: string }[] =>
  inventory.networks.flatMap((network) => {
    const given = allocate(network);
    return [...network.blocks].map(([host, source]) => ({
      network: network.name,
      host,
      block: source.kind === "existing" ? `the Docker network ${source.dockerNetwork}` : (given.get(host) ?? ""),
    }));
  });
