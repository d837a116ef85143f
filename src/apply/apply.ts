import { extended, XhostError } from "../errors.ts";
import type { HostPlan, Step } from "../plan/step.ts";
import type { Host } from "../ssh/host.ts";
import { runCalls, type CallContext } from "./docker-calls.ts";

/**
 * Does what the plan of one host says, step by step, and nothing else. A container that cannot be had does not keep the rest
 * of the host from being done; anything else that fails ends it. Stops between two steps when it is interrupted, so that no
 * step stays half done; the next plan starts from what is there then.
 */
export const applyHost = async (host: Host, plan: HostPlan, context: CallContext): Promise<void> => {
  const failed: XhostError[] = [];
  for (const step of plan.steps) {
    context.signal.throwIfAborted();
    try {
      await applyStep(host, step, context);
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

const applyStep = async (host: Host, step: Step, context: CallContext): Promise<void> => {
  if (step.kind === "docker") return runCalls(host, step.calls, context);
  context.say("routes and firewall");
  await host.run(step.script, "set routes and firewall");
};
