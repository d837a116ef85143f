import { extended, XhostError } from "../errors.ts";
import type { HostPlan, ShellStep, Step, Undo } from "../plan/step.ts";
import type { Host } from "../ssh/host.ts";
import { armLines, settledBy, takeBackScript } from "../plan/confirm-lines.ts";
import { runCalls, type CallContext } from "./docker-calls.ts";
import { sideBySide } from "./side-by-side.ts";

/** How a plan is applied. */
export type ApplyContext = CallContext & {
  /** Seconds after which the host takes a change back by itself. */
  readonly confirmTimeout: number;
  /** Called after such a change, which waits for it. */
  readonly confirm: () => Promise<void>;
};

/**
 * Does what the plan of one host says, step by step, and nothing else. A container that cannot be had does not keep the rest
 * of the host from being done; anything else that fails ends it. Stops between two steps when it is interrupted, so that no
 * step stays half done; the next plan starts from what is there then. Not between what was confirmed and what brings that back after a restart: a restart would
 * bring back what was there before it.
 */
export const applyHost = async (host: Host, plan: HostPlan, context: ApplyContext): Promise<void> => {
  const failed: XhostError[] = [];
  let isConfirmed = false;
  for (const steps of sideBySide(plan.steps)) {
    const [step] = steps;
    const isSequel: boolean = step?.kind === "shell" && step.undo === undefined && isConfirmed;
    if (!isSequel) context.signal.throwIfAborted();
    const ended = await Promise.allSettled(steps.map((each) => applyStep(host, each, context)));
    const { errors, isOver } = failuresOf(ended, steps);
    failed.push(...errors);
    if (isOver) break;
    isConfirmed = step?.kind === "shell" && (isConfirmed || step.undo !== undefined);
  }
  if (failed.length > 0) throw together(failed);
};

type Failures = { readonly errors: readonly XhostError[]; readonly isOver: boolean };

/** What has failed of steps that were done side by side, and whether that ends the host's plan. Throws a bug. */
const failuresOf = (ended: readonly PromiseSettledResult<void>[], steps: readonly Step[]): Failures => {
  const rejected = ended.flatMap((end, i) => (end.status === "rejected" ? [{ ...end, step: steps[i] }] : []));
  const errors = rejected.map(({ reason }): XhostError => {
    if (!(reason instanceof XhostError)) throw reason;
    return reason;
  });
  return { errors, isOver: rejected.some(({ step }, i) => errors[i]?.code !== "REMOTE" || !isStart(step)) };
};

/** One failure that tells of all; of a connection that is lost once, whatever else was at work on it. */
const together = (failed: readonly XhostError[]): XhostError => {
  const gravest = failed.find(({ code }) => code !== "REMOTE") ?? failed[0];
  if (gravest === undefined) throw new TypeError("nothing has failed");
  const others = failed.filter((error) => error !== gravest && error.code === "REMOTE");
  return extended(
    gravest,
    others.map(({ message }) => message),
  );
};

const isStart = (step: Step | undefined): boolean =>
  step?.kind === "docker" && step.calls.some((c) => c.call === "startContainer");

const applyStep = async (host: Host, step: Step, context: ApplyContext): Promise<void> => {
  if (step.kind === "docker") return runCalls(host, step.calls, context);
  context.say("routes and firewall");
  const { undo } = step;
  if (undo === undefined) {
    await host.run(step.script, WHAT);
    return;
  }
  await armed(host, step, { undo, context });
  context.say("confirming");
  await context.confirm();
};

/** Not async: the texts are as long as the host has peers, and nothing here holds them while the host is at work. */
const armed = (host: Host, { script }: ShellStep, { undo, context }: Armed): Promise<string> =>
  host
    .run(["set -e", ...armLines(undo, context.confirmTimeout), script].join("\n"), WHAT, script)
    .catch(async (error: unknown) => {
      throw error instanceof XhostError ? extended(error, [await takenBack(host, undo, context)]) : error;
    });

type Armed = { readonly undo: Undo; readonly context: ApplyContext };

const WHAT = "set routes and firewall";

/** Takes back at once what was done of a step that failed, and says what became of it. */
const takenBack = async (host: Host, { project }: Undo, { confirmTimeout }: ApplyContext): Promise<string> => {
  const later = `the host takes back what was done of it, within ${confirmTimeout} s`;
  try {
    const said = settledBy(await host.run(takeBackScript(project), "take the change back"));
    if (said === "undoing") return later;
    return said.startsWith("undone ") ? "what was done of it was taken back" : "nothing of it was done";
  } catch (error) {
    if (!(error instanceof XhostError)) throw error;
    return later;
  }
};
