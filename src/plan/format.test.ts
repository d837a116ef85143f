import { expect, test } from "vitest";
import { counts, formatPlan } from "./format.ts";
import type { Change } from "./step.ts";

const route = (i: number): Change => ({ sign: i === 2 ? "-" : "+", what: `route 10.0.${i}.0/24`, detail: "dev eth0" });
const planOf = (changes: readonly Change[]) => [
  { host: "h1", steps: [{ kind: "shell", changes, script: "x" } as const] },
];

test("many changes of a kind are told by the first ones and a number, others where they are", () => {
  const other: Change = { sign: "~", what: "sysctl a", detail: "1" };
  const plan = planOf([other, ...Array.from({ length: 30 }, (_, i) => route(i))]);
  expect(formatPlan(plan, { elsewhere: "--verbose" }).split("\n")).toEqual([
    "h1",
    "  ~ sysctl a: 1",
    "  + route 10.0.0.0/24: dev eth0",
    "  + route 10.0.1.0/24: dev eth0",
    "  - route 10.0.2.0/24: dev eth0",
    "  + route 10.0.3.0/24: dev eth0",
    "  + route: 26 more, which --verbose tells",
    "",
    "1 host: 29 to add, 1 to change, 0 to replace, 1 to remove.",
  ]);
  expect(formatPlan(plan, {})).toContain("  + route 10.0.29.0/24: dev eth0");
  expect(counts(plan)).toEqual({ "+": 29, "~": 1, "±": 0, "-": 1 });
});

test("as many as twenty are told one by one, in the order of the plan", () => {
  const lines = formatPlan(planOf(Array.from({ length: 20 }, (_, i) => route(i))), { elsewhere: "--verbose" }).split(
    "\n",
  );
  expect(lines.slice(1, 4)).toEqual([
    "  + route 10.0.0.0/24: dev eth0",
    "  + route 10.0.1.0/24: dev eth0",
    "  - route 10.0.2.0/24: dev eth0",
  ]);
  expect(lines).toHaveLength(23);
});
