import type { HostState } from "../model/state.ts";
import { differences } from "./diff.ts";
import { dockerSteps } from "./docker-steps.ts";
import { kernelStep } from "./kernel-step.ts";
import { withKnockOn } from "./knock-on.ts";
import type { HostPlan } from "./step.ts";

/**
 * The difference of two states of a host as steps: Docker first, the kernel last, because Docker puts its own rules above
 * ours when it makes a network. What Docker's steps change by the way is written down before them: should the plan be cut off in between, the
 * next one would take it for what was there. Pure; planning a state against itself gives nothing.
 */
export const planHost = (
  host: string,
  { desired, actual, project }: { desired: HostState; actual: HostState; project: string },
): HostPlan => {
  const all = withKnockOn(differences(desired, actual), desired, actual);
  const containers = (state: HostState) => state.filter((r) => r.kind === "container");
  const docker = dockerSteps(all, { desired: containers(desired), actual: containers(actual), project });
  const early = docker.length > 0 ? all.filter((d) => d.want?.kind === "table") : [];
  return {
    host,
    steps: [
      ...kernelStep(early, project),
      ...docker,
      ...kernelStep(
        all.filter((d) => !early.includes(d)),
        project,
      ),
    ],
  };
};
