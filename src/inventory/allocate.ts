import { createHash } from "node:crypto";
import { block, blockCount, cidrOf, formatCidr, overlaps, type Cidr } from "../cidr.ts";
import type { InventoryNetwork } from "./inventory.ts";

/** Blocks in CIDR notation, by host. */
export type Blocks = ReadonlyMap<string, string>;

/**
 * Carves a block per host out of the network's pool. A host that has one (`taken`: what stands on the hosts) keeps it; any
 * other one starts at a place that only its own name decides and takes the first free block from there, so that hosts
 * come and go without moving the others, and the file alone tells the same blocks as the hosts.
 * Hosts without room are left out of the answer: the validator reports an exhausted pool before.
 */
export const allocate = (network: InventoryNetwork, taken: Blocks = new Map()): Blocks => {
  const blocks = new Map<string, string>();
  for (const [host, source] of network.blocks) if (source.kind === "subnet") blocks.set(host, source.subnet);
  if (network.pool === undefined) return blocks;
  const pool = cidrOf(network.pool);
  const wanting = [...network.blocks].filter(([, source]) => source.kind === "pool").map(([host]) => host);
  const used = new Set<string>(blocks.values());
  const explicit = [...network.blocks.values()].flatMap((s) => (s.kind === "subnet" ? [cidrOf(s.subnet)] : []));
  for (const host of wanting) {
    const kept = taken.get(host);
    // Those of the pool are all of one size: they are the same or have nothing in common.
    if (kept === undefined || used.has(kept) || !fits(cidrOf(kept), pool, network.prefix, explicit)) continue;
    used.add(kept);
    blocks.set(host, kept);
  }
  for (const host of wanting.filter((h) => !blocks.has(h)).sort()) {
    const free = firstFree(pool, network, host, used, explicit);
    if (free === undefined) continue;
    used.add(free);
    blocks.set(host, free);
  }
  return blocks;
};

const fits = (kept: Cidr, pool: Cidr, prefix: number, explicit: readonly Cidr[]): boolean =>
  kept.prefix === prefix && overlaps(kept, pool) && !explicit.some((other) => overlaps(other, kept));

const firstFree = (
  pool: Cidr,
  network: InventoryNetwork,
  host: string,
  used: ReadonlySet<string>,
  explicit: readonly Cidr[],
): string | undefined => {
  const count = blockCount(pool, network.prefix);
  const start = createHash("sha256").update(`${network.name}/${host}`).digest().readUInt32BE(0) % Math.max(count, 1);
  for (let i = 0; i < count; i++) {
    const candidate = block(pool, network.prefix, (start + i) % count);
    const text = formatCidr(candidate);
    if (!used.has(text) && !explicit.some((other) => overlaps(other, candidate))) return text;
  }
  return undefined;
};
