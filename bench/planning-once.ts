// Plans a first deploy of so many simulated hosts and prints as JSON what that took: node bench/planning-once.ts HOSTS [whole]
// A process of its own, for its memory. `whole`: all plans are there at once, as `deploy` and `plan` have them.
import { keepHeapSmall } from "../src/commands/heap.ts";
import { clashesOf, planning as planHosts } from "../src/commands/planning.ts";
import { fabric } from "../src/model/fabric.ts";
import { fleet as fleetOf } from "../test/fleet.ts";

const hosts = Number(process.argv[2] ?? 100);
const isWhole = process.argv[3] === "whole";
keepHeapSmall();
const fleet = await fleetOf(hosts, { stands: false });
const chosen = new Set(fleet.sights.keys());
const begin = performance.now();
const whole = fabric(fleet.inventory, fleet.sights);
const look = { ...fleet, chosen, hosts: new Map(), failed: new Map(), depths: new Map() };
const clashes = clashesOf(look, whole, { iKnow: false });
// What `deploy` sends, host by host; unless all are wanted at once, the next one's plan is made when the one before is rendered.
let [bytes, routes, planned, rendering] = [0, 0, 0, 0];
const plans = planHosts(look, whole, { env: {} });
for (const { steps } of isWhole ? [...plans] : plans) {
  planned += 1;
  const start = performance.now();
  for (const step of steps) {
    if (step.kind !== "shell") continue;
    bytes += step.script.length;
    routes += step.changes.filter(({ what }) => what.startsWith("route ")).length;
  }
  rendering += performance.now() - start;
}
const all = performance.now() - begin;
if (clashes.length > 0 || planned !== hosts) throw new Error("that is no plan for all of them");
console.log(
  JSON.stringify({
    ...{ hosts, routes, bytes, planning: (all - rendering) / 1000, rendering: rendering / 1000 },
    // KiB on Linux (getrusage(2))
    memory: process.resourceUsage().maxRSS / 1024,
  }),
);
