import { applyHost } from "../apply/apply.ts";
import { phase, type PhaseResult } from "../apply/phase.ts";
import type { HostPlan } from "../plan/step.ts";
import type { Context } from "./context.ts";
import type { Look } from "./look.ts";

/** Applies the plans that have steps, hosts side by side; a host that fails does not stop the others. */
export const applyPlans = (
  title: string,
  plans: readonly HostPlan[],
  look: Look,
  context: Context,
): Promise<PhaseResult<true>> => {
  const busy = plans.filter((plan) => plan.steps.length > 0).map((plan) => ({ name: plan.host, plan }));
  return phase(
    title,
    busy,
    async ({ name, plan }, say) => {
      const host = look.hosts.get(name);
      if (host === undefined) throw new TypeError(`no connection to ${name}`);
      await applyHost(host, plan, { say, signal: context.progress.signal });
      return true as const;
    },
    context.progress,
  );
};
