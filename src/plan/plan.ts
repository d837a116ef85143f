import type { HostState } from "../model/state.ts";
import { differences } from "./diff.ts";
import { dockerSteps } from "./docker-steps.ts";
import { kernelStep } from "./kernel-step.ts";
import { withKnockOn } from "./knock-on.ts";
import type { HostPlan } from "./step.ts";

/**
 * The difference of two states of a host as steps: Docker first, the kernel last, because Docker puts its own rules above
 * ours when it makes a network. Pure; planning a state against itself gives nothing.
 */
export const planHost = (
  host: string,
  { desired, actual, project }: { desired: HostState; actual: HostState; project: string },
): HostPlan => {
  const all = withKnockOn(differences(desired, actual), desired, actual);
  const containers = (state: HostState) => state.filter((r) => r.kind === "container");
  return {
    host,
    steps: [
      ...dockerSteps(all, { desired: containers(desired), actual: containers(actual), project }),
      ...kernelStep(all, project),
    ],
  };
};
