import type { PhaseResult } from "../apply/phase.ts";
import type { ErrorCode, XhostError } from "../errors.ts";
import { counts, formatPlan } from "../plan/format.ts";
import type { HostPlan } from "../plan/step.ts";
import { applyPlans } from "./apply-plans.ts";
import type { Context, Outcome } from "./context.ts";
import type { Look } from "./look.ts";

/** What came of showing, asking and applying; `undefined` when the answer was no. */
type Changed = PhaseResult<true> | undefined;

/** Shows the plans, asks unless `yes`, and applies them. */
export const change = async (
  plans: readonly HostPlan[],
  look: Look,
  context: Context,
  { title, question, yes }: { title: string; question: string; yes: boolean },
): Promise<Changed> => {
  const changes = plans.some((p) => p.steps.length > 0);
  if (plans.length > 0) context.show(formatPlan(plans, { paint: context.paint, commands: context.verbose }));
  if (!changes) return { done: new Map(), failed: new Map() };
  if (!yes && !(await context.confirm(question))) return undefined;
  return applyPlans(title, plans, look, context);
};

/** The outcome when the user said no. */
export const declined = (plans: readonly HostPlan[], look: Look): Outcome => ({
  text: "Nothing was changed.",
  errors: lookFailures(look),
  json: { ...planJson(plans, look), applied: false },
  code: 1,
});

/** Failures of the hosts that the command was about, in the order of the file. */
export const lookFailures = ({ inventory, failed, chosen }: Look): readonly XhostError[] =>
  inventory.hosts.flatMap(({ name }) => (chosen.has(name) ? (failed.get(name) ?? []) : []));

/** Exit code of failures of single hosts: 3 where the inventory is wrong, 4 where one cannot be reached, else 1; 0 without any. */
export const failureCode = (failures: readonly XhostError[]): number => {
  const has = (code: ErrorCode): boolean => failures.some((e) => e.code === code);
  return has("INVENTORY") ? 3 : has("UNREACHABLE") ? 4 : failures.length > 0 ? 1 : 0;
};

/** `Removed from h1, h2.`; nothing where nothing was done. */
export const doneText = (verb: string, hosts: Iterable<string>): readonly string[] => {
  const names = [...hosts];
  return names.length === 0 ? [] : [`${verb} ${names.length > 12 ? `${names.length} hosts` : names.join(", ")}.`];
};

/** Failures as plain data, by host. */
export const failuresJson = (failures: readonly XhostError[]) =>
  Object.fromEntries(failures.map(({ host = "", code, message }) => [host, { code, message }]));

/** The plan as plain data: steps by host, how many changes of each sign, and the hosts that failed. */
export const planJson = (plans: readonly HostPlan[], look: Look) => {
  const n = counts(plans);
  return {
    hosts: Object.fromEntries(plans.map((p) => [p.host, p.steps])),
    summary: { add: n["+"], change: n["~"], replace: n["±"], remove: n["-"] },
    failed: failuresJson(lookFailures(look)),
  };
};
