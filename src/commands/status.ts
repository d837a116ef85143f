import { formatPlan } from "../plan/format.ts";
import { failureCode, failuresJson, lookFailures } from "./change.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { look } from "./look.ts";
import { wholeOf } from "./measuring.ts";
import { pairJson, pairsOf, pairsTable, unknownJson, unknownPairs, unknownTable } from "./pairs.ts";
import { clashesOf, plansOf } from "./planning.ts";
import { containerRows, hostRows, networkRows, routeRows } from "./status-rows.ts";
import { statusTables } from "./status-text.ts";

/** What stands on the hosts, and how far it is from what the inventory says; changes nothing and sends no packet. */
export const status = (target: Target, context: Context): Promise<Outcome> =>
  look(context, target, false, async (seen) => {
    const whole = wholeOf(seen);
    const clashes = clashesOf(seen, whole, { iKnow: true, unmeasured: true });
    const plans = plansOf(seen, whole, context);
    const hosts = hostRows(seen, { whole, plans, clashes });
    const differing = new Set(hosts.flatMap(({ host, changes }) => (changes.length > 0 ? [host] : [])));
    const networks = networkRows(seen, whole);
    const containers = containerRows(seen);
    const routes = routeRows(seen);
    const errors = [...lookFailures(seen), ...clashes];
    const pairs = pairsOf(seen, whole);
    const unknown = unknownPairs(seen);
    const tables = statusTables({ hosts, networks, containers, routes });
    const json = {
      hosts,
      networks,
      containers,
      routes,
      pairs: [...pairs.map(pairJson), ...unknown.map(unknownJson)],
      failed: failuresJson(lookFailures(seen)),
      conflicts: clashes.map((e) => e.message),
    };
    const text = [
      ...tables,
      ...(pairs.length > 0 ? [pairsTable(pairs)] : []),
      ...(unknown.length > 0 ? [unknownTable(unknown)] : []),
      ...(differing.size > 0
        ? [
            formatPlan(
              plans.filter(({ host }) => differing.has(host)),
              { paint: context.paint, elsewhere: "xhost plan" },
            ),
          ]
        : []),
    ].join("\n\n");
    return Promise.resolve({ text, errors, json, code: failureCode(errors) });
  });
