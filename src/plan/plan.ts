import type { HostState } from "../model/state.ts";
import { bootStep } from "./boot.ts";
import { differences } from "./diff.ts";
import { dockerSteps } from "./docker-steps.ts";
import { kernelStep } from "./kernel-step.ts";
import { withKnockOn } from "./knock-on.ts";
import type { HostPlan, ShellStep } from "./step.ts";

type Planning = {
  readonly desired: HostState;
  readonly actual: HostState;
  readonly project: string;
  /** Bridges that Docker has left half-made. */
  readonly orphans?: readonly string[];
};

const orphanStep = (bridge: string): ShellStep => ({
  kind: "shell",
  changes: [{ sign: "-", what: `bridge ${bridge}`, detail: "half-made by Docker, which knows nothing of it" }],
  script: `set -e\nip link del dev ${bridge}`,
});

/**
 * The difference of two states of a host as steps: Docker first, the kernel last, because Docker puts its own rules above
 * ours when it makes a network. What Docker's steps change by the way is written down before them: should the plan be cut off in between, the
 * next one would take it for what was there. Pure; planning a state against itself gives nothing.
 */
export const planHost = (host: string, { desired, actual, project, orphans = [] }: Planning): HostPlan => {
  const all = withKnockOn(differences(desired, actual), desired, actual);
  const containers = (state: HostState) => state.filter((r) => r.kind === "container");
  const docker = dockerSteps(all, { desired: containers(desired), actual: containers(actual), project });
  const early = docker.length > 0 ? all.filter((d) => d.want?.kind === "table") : [];
  return {
    host,
    steps: [
      ...orphans.map(orphanStep),
      ...kernelStep(early, project),
      ...docker,
      ...kernelStep(
        all.filter((d) => !early.includes(d)),
        project,
      ),
      ...bootStep(all, project),
    ],
  };
};
