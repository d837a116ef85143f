import type { HostState, Network } from "../model/state.ts";
import { bootStep } from "./boot.ts";
import { differences, type Difference } from "./diff.ts";
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

/** Whether nothing of a network differs but that its bridge was switched off. */
const isBridgeDown = ({ have, changed }: Difference): boolean =>
  have?.kind === "network" && have.trouble === "down" && changed.length === 1;

const bridgeStep = ({ have, changed }: Difference): ShellStep => ({
  kind: "shell",
  changes: [{ sign: "~", what: `network ${(have as Network).name}`, detail: changed.join(", ") }],
  script: `set -e\nip link set dev ${(have as Network).bridge} up`,
});

/**
 * The difference of two states of a host as steps: Docker first, the kernel last, because Docker puts its own rules above
 * ours when it makes a network. What Docker's steps change by the way is written down before them: should the plan be cut off in between, the
 * next one would take it for what was there. Pure; planning a state against itself gives nothing.
 */
export const planHost = (host: string, { desired, actual, project, orphans = [] }: Planning): HostPlan => {
  const found = differences(desired, actual);
  const down = found.filter(isBridgeDown);
  const all = withKnockOn(
    found.filter((d) => !down.includes(d)),
    desired,
    actual,
  );
  const containers = (state: HostState) => state.filter((r) => r.kind === "container");
  const docker = dockerSteps(all, { desired: containers(desired), actual: containers(actual), project });
  const boot = bootStep(all, project);
  const isLeaving = all.some((d) => d.want === undefined && d.have?.kind === "boot");
  const early = docker.length > 0 ? all.filter((d) => d.want?.kind === "table") : [];
  return {
    host,
    steps: [
      // What is about to go is not to be brought back by a restart in between.
      ...(isLeaving ? boot : []),
      ...orphans.map(orphanStep),
      ...down.map(bridgeStep),
      ...kernelStep(early, project),
      ...docker,
      ...kernelStep(
        all.filter((d) => !early.includes(d)),
        project,
      ),
      ...(isLeaving ? [] : boot),
    ],
  };
};
