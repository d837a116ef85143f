import { hostFolder } from "../model/names.ts";
import type { HostState, Network } from "../model/state.ts";
import { bootStep } from "./boot.ts";
import { differences, type Difference } from "./diff.ts";
import { dockerSteps } from "./docker-steps.ts";
import { removeLines } from "./file-lines.ts";
import { kernelChange } from "./kernel-changes.ts";
import { kernelStep } from "./kernel-step.ts";
import { withKnockOn } from "./knock-on.ts";
import { forgetLine, noteLines } from "./remembered.ts";
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

/** Whether nothing of a network differs but that its bridge was switched off, or has lost its address. */
const isBridgeOff = ({ have, changed }: Difference): boolean =>
  have?.kind === "network" && (have.trouble === "down" || have.trouble === "bare") && changed.length === 1;

const bridgeStep = ({ have, changed }: Difference): ShellStep => {
  const { name, bridge, gateway, subnet } = have as Network;
  const address = gateway === "" ? [] : [`ip address replace ${gateway}/${subnet.split("/")[1] ?? ""} dev ${bridge}`];
  return {
    kind: "shell",
    changes: [{ sign: "~", what: `network ${name}`, detail: changed.join(", ") }],
    script: ["set -e", ...address, `ip link set dev ${bridge} up`].join("\n"),
  };
};

/** What Docker may change by the way, as it does where it has to switch forwarding on, is written down before its turn. Not set: it adds a DROP policy where it is the one that does. */
const noteStep = (all: readonly Difference[], project: string): readonly ShellStep[] => {
  const lines = all.filter(isSet).flatMap((d) => noteLines(d, project));
  const script = ["set -e", `mkdir -p ${hostFolder(project)}`, ...lines].join("\n");
  return lines.length === 0 ? [] : [{ kind: "shell", changes: [], script }];
};

const isSet = ({ want, have }: Difference): boolean =>
  want?.kind === "sysctl" && have?.kind === "sysctl" && want.value !== have.value;

/** Settings that are as they should be, though nobody has noted that yet. */
const unnotedOf = (desired: HostState, actual: HostState): readonly Difference[] =>
  desired.flatMap((want): Difference[] => {
    if (want.kind !== "sysctl") return [];
    const have = actual.find((each) => each.kind === "sysctl" && each.key === want.key);
    const isRight = have?.kind === "sysctl" && have.value === want.value && have.previous === undefined;
    return isRight && have.held === undefined ? [{ want, have, changed: [] }] : [];
  });

/** Keys go when nothing that a restart brings back needs them any more. */
const keyStep = (gone: readonly Difference[], project: string): readonly ShellStep[] =>
  gone.length === 0
    ? []
    : [
        {
          kind: "shell",
          changes: gone.map(kernelChange),
          script: ["set -e", ...removeLines(gone), forgetLine(project)].join("\n"),
        },
      ];

/**
 * The difference of two states of a host as steps: Docker first, the kernel last, because Docker puts its own rules above
 * ours when it makes a network. What Docker's steps change by the way is written down before them: should the plan be cut off in between, the
 * next one would take it for what was there. What brings the state back after a restart is changed behind what is confirmed: until then a restart leads
 * back to what was there. Pure; planning a state against itself gives nothing.
 */
export const planHost = (host: string, { desired, actual, project, orphans = [] }: Planning): HostPlan => {
  const found = differences(desired, actual);
  const down = found.filter(isBridgeOff);
  const all = withKnockOn(
    found.filter((d) => !down.includes(d)),
    desired,
    actual,
  );
  const containers = (state: HostState) => state.filter((r) => r.kind === "container");
  const docker = dockerSteps(all, { desired: containers(desired), actual: containers(actual), project });
  const early = docker.length > 0 ? all.filter((d) => d.want?.kind === "table") : [];
  const keys = all.filter((d) => d.want === undefined && d.have?.kind === "key");
  return {
    host,
    steps: [
      ...orphans.map(orphanStep),
      ...down.map(bridgeStep),
      ...kernelStep(early, project),
      ...(docker.length > 0 ? noteStep(all, project) : []),
      ...docker,
      ...kernelStep(
        all.filter((d) => !early.includes(d) && !keys.includes(d)),
        project,
        unnotedOf(desired, actual),
      ),
      ...bootStep(all, project),
      ...keyStep(keys, project),
    ],
  };
};
