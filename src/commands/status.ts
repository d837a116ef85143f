import { failureCode, failuresJson, lookFailures } from "./change.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { look } from "./look.ts";
import { wholeOf } from "./measuring.ts";
import { pairJson, pairsOf, pairsTable } from "./pairs.ts";
import { clashesOf, plansOf } from "./planning.ts";
import { containerRows, hostRows, linkRows, networkRows } from "./status-rows.ts";
import { table } from "./table.ts";

/** What stands on the hosts, and how far it is from what the inventory says; changes nothing and sends no packet. */
export const status = (target: Target, context: Context): Promise<Outcome> =>
  look(context, target, false, async (seen) => {
    const whole = wholeOf(seen);
    const clashes = clashesOf(seen, whole, { iKnow: true, unmeasured: true });
    const hosts = hostRows(seen, { whole, plans: plansOf(seen, whole, context), clashes });
    const networks = networkRows(seen, whole);
    const containers = containerRows(seen);
    const links = linkRows(seen);
    const errors = [...lookFailures(seen), ...clashes];
    const pairs = pairsOf(seen, whole);
    const sections = [hosts, networks, containers, links].filter((rows) => rows.length > 0).map(section);
    const text = [...sections, ...(pairs.length > 0 ? [pairsTable(pairs)] : [])];
    const json = {
      hosts,
      networks,
      containers,
      links,
      pairs: pairs.map(pairJson),
      failed: failuresJson(lookFailures(seen)),
      conflicts: clashes.map((e) => e.message),
    };
    return Promise.resolve({ text: text.join("\n\n"), errors, json, code: failureCode(errors) });
  });

/** A table whose head is the keys of the rows. */
const section = (rows: readonly Readonly<Record<string, string>>[]): string =>
  table(
    Object.keys(rows[0] ?? {}).map((key) => key.toUpperCase()),
    rows.map((row) => Object.values(row)),
  );
