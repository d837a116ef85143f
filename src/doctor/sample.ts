import type { Check } from "../inventory/inventory.ts";
import type { Ends } from "./attribute.ts";

/** Checks that are made without a word; more are thinned out. */
export const MESH = 400;

/**
 * Of very many checks those that cover everything: every pair of hosts both ways, every container as source and as target, and every
 * check that is no ping, since only the inventory can have asked for it. The same for the same inventory.
 */
export const covering = (checks: readonly Check[], ends: Ends): readonly Check[] => {
  const used = { from: new Map<string, number>(), to: new Map<string, number>() };
  const chosen = new Set<Check>();
  const take = (check: Check): void => {
    chosen.add(check);
    used.from.set(check.from, (used.from.get(check.from) ?? 0) + 1);
    used.to.set(check.to, (used.to.get(check.to) ?? 0) + 1);
  };
  const uses = ({ from, to }: Check): number => (used.from.get(from) ?? 0) + (used.to.get(to) ?? 0);
  for (const check of checks) if (check.probe.kind !== "ping") take(check);
  const pings = checks.filter((check) => check.probe.kind === "ping");
  const byHosts = Map.groupBy(pings, ({ from, to }) => `${ends.get(from)?.host ?? ""} ${ends.get(to)?.host ?? ""}`);
  for (const [first, ...more] of byHosts.values())
    if (first !== undefined) take(more.reduce((best, next) => (uses(next) < uses(best) ? next : best), first));
  for (const check of pings) if (!used.from.has(check.from) || !used.to.has(check.to)) take(check);
  return checks.filter((check) => chosen.has(check));
};
