import { extended, XhostError } from "../errors.ts";
import type { ContainerBody } from "../model/container-body.ts";
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
  for (const steps of sideBySide(plan.steps)) {
    const [step] = steps;
    const isSequel: boolean = step?.kind === "shell" && step.undo === undefined && isConfirmed;
    if (!isSequel) context.signal.throwIfAborted();
    const ended = await Promise.allSettled(steps.map((each) => applyStep(host, each, context)));
    for (const [i, end] of ended.entries()) {
      if (end.status === "fulfilled") continue;
      const error: unknown = end.reason;
      if (!(error instanceof XhostError) || error.code !== "REMOTE" || !isStart(steps[i])) throw error;
      failed.push(error);
    }
    isConfirmed = step?.kind === "shell" && (isConfirmed || step.undo !== undefined);
  }
  const [first, ...others] = failed;
  if (first !== undefined)
    throw extended(
      first,
      others.map((e) => e.message),
    );
};

const isStart = (step: Step | undefined): boolean =>
  step?.kind === "docker" && step.calls.some((c) => c.call === "startContainer");

/** Containers that are made and started at a time. */
const AT_ONCE = 4;

/** Steps in their order, together those that have nothing to do with each other: containers that are new, or only stopped. */
const sideBySide = (steps: readonly Step[]): readonly (readonly Step[])[] => {
  const groups: Step[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (last !== undefined && last.length < AT_ONCE && [...last, step].every(isAlone)) last.push(step);
    else groups.push([step]);
  }
  return groups;
};

/** Not one with an address of its own choice: Docker could have given it to the one beside it. */
const isAlone = (step: Step): boolean =>
  step.kind === "docker" &&
  step.calls.every(
    (call) => call.call === "startContainer" || (call.call === "createContainer" && !hasAddress(call.body)),
  );

const hasAddress = ({ NetworkingConfig }: ContainerBody): boolean =>
  JSON.stringify(NetworkingConfig ?? null).includes('"IPv4Address"');

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
