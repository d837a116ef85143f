// Planning alone, for simulated hosts: npm run bench:planning [-- HOSTS...]
// Each number of hosts in a process of its own, for its memory.
import { clashesOf, plansOf } from "../src/commands/planning.ts";
import { fabric } from "../src/model/fabric.ts";
import { newFleet } from "../test/fleet.ts";

const [count = 100] = process.argv.slice(2).map(Number);
const { inventory, sights } = await newFleet(count);
const seen = {
  inventory,
  sights,
  hosts: new Map(),
  failed: new Map(),
  chosen: new Set(sights.keys()),
  depths: new Map(),
};
const cpu = () => process.threadCpuUsage().user / 1000;
const t0 = cpu();
const whole = fabric(inventory, sights);
const t1 = cpu();
const c = clashesOf(seen, whole, { iKnow: false });
const t2 = cpu();
const plans = plansOf(seen, whole, { env: {} });
const t3 = cpu();
console.log(
  count,
  c.length,
  plans.length,
  plans.reduce((n, p) => n + p.steps.reduce((m, s) => m + (s.kind === "shell" ? s.script.length : 0), 0), 0) / 1e6,
  "MB",
);
console.log(
  "fabric",
  (t1 - t0).toFixed(0),
  "clashes",
  (t2 - t1).toFixed(0),
  "plans",
  (t3 - t2).toFixed(0),
  "rss MB",
  process.resourceUsage().maxRSS / 1024,
);
