import type { Inventory } from "./inventory.ts";
import type { Problem } from "./problem.ts";
import type { Written } from "./schema.ts";
import { addressProblems } from "./validate-addresses.ts";
import { networkProblems } from "./validate-networks.ts";
import { overlapProblems } from "./validate-overlaps.ts";
import { portProblems } from "./validate-ports.ts";
import { referenceProblems } from "./validate-refs.ts";

/** Everything about the file that single keys cannot tell: references, blocks, overlaps, ports, what this version has. */
export const validate = (written: Written, inventory: Inventory): readonly Problem[] => {
  const first = [...referenceProblems(written), ...networkProblems(written, inventory), ...overlapProblems(inventory)];
  // Addresses and ports are looked at only where hosts and networks are known.
  return first.length > 0 ? first : [...addressProblems(inventory), ...portProblems(inventory)];
};
