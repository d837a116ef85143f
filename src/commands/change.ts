import type { PhaseResult } from "../apply/phase.ts";
import type { ErrorCode, XhostError } from "../errors.ts";
import type { Fabric } from "../model/fabric.ts";
import { counts, formatPlan } from "../plan/format.ts";
import type { DockerCall, HostPlan, Step } from "../plan/step.ts";
import { applyPlans } from "./apply-plans.ts";
import type { Context, Outcome } from "./context.ts";
import type { Look } from "./look.ts";
import { pairJson, pairsOf } from "./pairs.ts";

/** What came of showing, asking and applying; `undefined` when the answer was no. */
type Changed = PhaseResult<true> | undefined;

type Asking = {
  readonly title: string;
  readonly question: string;
  readonly yes: boolean;
  /** What is known only when the answer was yes, such as keys, is made now: the plans with it. */
  readonly completed?: () => Promise<readonly HostPlan[]>;
};

/** Shows the plans, asks unless `yes`, and applies them. */
export const change = async (
  plans: readonly HostPlan[],
  look: Look,
  context: Context,
  { title, question, yes, completed = () => Promise.resolve(plans) }: Asking,
): Promise<Changed> => {
  const changes = plans.some((p) => p.steps.length > 0);
  if (plans.length > 0)
    context.show(
      formatPlan(plans, {
        paint: context.paint,
        elsewhere: context.verbose ? undefined : "--verbose",
        unknown: lookFailures(look).length,
      }),
    );
  if (!changes) return { done: new Map(), failed: new Map() };
  if (!yes && !(await context.confirm(question))) return undefined;
  context.onChange();
  return applyPlans(title, await completed(), look, context);
};

/** The outcome when the user said no. */
export const declined = (plans: readonly HostPlan[], look: Look): Outcome => ({
  text: "Nothing was changed.",
  errors: lookFailures(look),
  json: { ...planJson(plans, look), applied: [] },
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

/** `Applied on h1, h2; not all of h3.`, hosts in the order of the file; nothing where nothing was to be done. */
export const doneText = (verb: string, { done, failed }: PhaseResult<true>, { inventory }: Look): readonly string[] => {
  const list = (hosts: ReadonlyMap<string, unknown>): string => {
    const names = inventory.hosts.map((h) => h.name).filter((name) => hosts.has(name));
    return names.length > 12 ? `${names.length} hosts` : names.join(", ");
  };
  if (done.size + failed.size === 0) return [];
  return [
    `${verb} ${done.size === 0 ? "no host" : list(done)}${failed.size > 0 ? `; not all of it on ${list(failed)}` : ""}.`,
  ];
};

/** Failures as plain data, by host. */
export const failuresJson = (failures: readonly XhostError[]) =>
  Object.fromEntries(failures.map(({ host = "", code, message }) => [host, { code, message }]));

/** The plan as plain data: steps by host, how many changes of each sign, how pairs of hosts are connected, and the hosts that failed. */
export const planJson = (plans: readonly HostPlan[], look: Look, whole?: Fabric) => {
  const n = counts(plans);
  return {
    hosts: Object.fromEntries(plans.map((p) => [p.host, p.steps.map(shownStep)])),
    summary: { add: n["+"], change: n["~"], replace: n["±"], remove: n["-"] },
    ...(whole && { pairs: pairsOf(look, whole).map(pairJson) }),
    failed: failuresJson(lookFailures(look)),
  };
};

/** The plan, and what became of it. */
export const changedJson = (
  plans: readonly HostPlan[],
  look: Look,
  { done, failed }: PhaseResult<true>,
  whole?: Fabric,
) => ({
  ...planJson(plans, look, whole),
  applied: [...done.keys()],
  errors: failuresJson([...failed.values()]),
});

/** A step without the values that came out of the environment: they do not belong into logs. */
const shownStep = (step: Step): Step => (step.kind === "shell" ? step : { ...step, calls: step.calls.map(shownCall) });

const shownCall = (call: DockerCall): DockerCall => {
  if (call.call === "createContainer") return { ...call, body: call.shown };
  return call.call === "startContainer" ? { call: call.call, name: call.name } : call;
};
