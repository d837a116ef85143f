import { phase } from "../apply/phase.ts";
import { measure } from "../doctor/measure.ts";
import type { Evidence, Way } from "../model/evidence.ts";
import { fabric, type Fabric, type Measured } from "../model/fabric.ts";
import { waysToMeasure } from "../model/ways.ts";
import type { Context } from "./context.ts";
import type { Look } from "./look.ts";

/** The ways whose evidence is missing or no longer about them, with an end on a chosen host; all of those with `reprobe`. */
export const openWays = ({ chosen }: Look, whole: Fabric, { reprobe }: { readonly reprobe: boolean }): readonly Way[] =>
  waysToMeasure(whole, { again: reprobe, matters: (from, to) => chosen.has(from) || chosen.has(to) });

/** Measures these. Nothing on a host is changed. Hosts on which nothing could be measured are told of, and are left to the plan. */
export const measureWays = async ({ hosts }: Look, context: Context, ways: readonly Way[]): Promise<Measured> => {
  const { signal } = context.progress;
  const { done, failed } = await phase(
    "Measure the ways between the hosts",
    [{ name: "all" }],
    () => measure(ways, { hosts, signal }),
    context.progress,
  );
  for (const error of failed.values()) throw error;
  const result = done.get("all");
  for (const error of result?.errors.values() ?? []) context.note(`${error.message} (not measured)`);
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  const all = new Map<string, Map<string, Evidence>>();
  for (const way of ways) {
    const found = result?.sizes.get(way);
    if (found === undefined) continue;
    const { from, to, source, target, mtu } = way;
    const row = all.get(from) ?? new Map<string, Evidence>();
    all.set(from, row.set(to, { to, source, target, mtu, sizes: found, at }));
  }
  return all;
};

/** What was seen and measured, put together. */
export const wholeOf = ({ inventory, sights, chosen }: Look, measured: Measured = new Map()): Fabric =>
  fabric(inventory, sights, { measured, chosen });
