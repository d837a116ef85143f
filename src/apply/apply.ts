import { extended, XhostError } from "../errors.ts";
import type { HostPlan, Step, Undo } from "../plan/step.ts";
import type { Host } from "../ssh/host.ts";
import { armLines, settledBy, takeBackScript } from "../plan/confirm-lines.ts";
import { runCalls, type CallContext } from "./docker-calls.ts";

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
  for (const step of plan.steps) {
    const isSequel: boolean = step.kind === "shell" && step.undo === undefined && isConfirmed;
    if (!isSequel) context.signal.throwIfAborted();
    try {
      await applyStep(host, step, context);
      isConfirmed = isSequel || (step.kind === "shell" && step.undo !== undefined);
    } catch (error) {
      if (!(error instanceof XhostError) || error.code !== "REMOTE" || !isStart(step)) throw error;
      failed.push(error);
    }
  }
  const [first, ...others] = failed;
  if (first !== undefined)
    throw extended(
      first,
      others.map((e) => e.message),
    );
};

const isStart = (step: Step): boolean => step.kind === "docker" && step.calls.some((c) => c.call === "startContainer");

const applyStep = async (host: Host, step: Step, context: ApplyContext): Promise<void> => {
  if (step.kind === "docker") return runCalls(host, step.calls, context);
  context.say("routes and firewall");
  const { undo, script } = step;
  if (undo === undefined) {
    await host.run(script, WHAT);
    return;
  }
  const armed = ["set -e", ...armLines(undo, context.confirmTimeout), script].join("\n");
  await host.run(armed, WHAT, script).catch(async (error: unknown) => {
    throw error instanceof XhostError ? extended(error, [await takenBack(host, undo, context)]) : error;
  });
  context.say("confirming");
  await context.confirm();
};

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
