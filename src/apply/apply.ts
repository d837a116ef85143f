import type { HostPlan } from "../plan/step.ts";
import type { Host } from "../ssh/host.ts";
import { runCalls, type CallContext } from "./docker-calls.ts";

/**
 * Does what the plan of one host says, step by step, and nothing else. Stops between two steps when it is interrupted, so
 * that no step stays half done; the next plan starts from what is there then.
 */
export const applyHost = async (host: Host, plan: HostPlan, context: CallContext): Promise<void> => {
  for (const step of plan.steps) {
    context.signal.throwIfAborted();
    if (step.kind === "docker") await runCalls(host, step.calls, context);
    else {
      context.say("routes and firewall");
      await host.run(step.script, "set routes and firewall");
    }
  }
};
