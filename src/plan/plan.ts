import { keyOf, type HostState } from "../model/state.ts";
import { differences, type Difference } from "./diff.ts";
import { dockerSteps } from "./docker-steps.ts";
import { kernelStep } from "./kernel-step.ts";
import type { HostPlan } from "./step.ts";

/**
 * The difference of two states of a host as steps: Docker first, the kernel last, because Docker puts its own rules above
 * ours when it makes a network. Pure; planning a state against itself gives nothing.
 */
export const planHost = (
  host: string,
  { desired, actual, project }: { desired: HostState; actual: HostState; project: string },
): HostPlan => {
  const all = withJumpsOnTop(differences(desired, actual), desired, actual);
  const containers = (state: HostState) => state.filter((r) => r.kind === "container");
  return {
    host,
    steps: [
      ...dockerSteps(all, { desired: containers(desired), actual: containers(actual), project }),
      ...kernelStep(all, project),
    ],
  };
};

/**
 * For each network it makes, Docker puts a MASQUERADE at the head of POSTROUTING (moby, setup_ip_tables_linux.go): a jump
 * that stands there already has to be put above it again.
 */
const withJumpsOnTop = (all: readonly Difference[], desired: HostState, actual: HostState): readonly Difference[] => {
  if (!all.some((d) => d.want?.kind === "network")) return all;
  const planned = new Set(all.flatMap((d) => (d.want ? [keyOf(d.want)] : [])));
  const there = new Map(actual.map((r) => [keyOf(r), r]));
  const sinking = desired
    .filter((want) => want.kind === "jump" && want.table === "nat")
    .filter((want) => there.has(keyOf(want)) && !planned.has(keyOf(want)))
    .map((want): Difference => ({
      want,
      have: there.get(keyOf(want)),
      changed: ["above the rule of the new network"],
    }));
  return [...all, ...sinking];
};
