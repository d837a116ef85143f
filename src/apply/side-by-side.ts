import type { ContainerBody } from "../model/container-body.ts";
import type { Step } from "../plan/step.ts";

/** Containers that are made and started at a time. */
const AT_ONCE = 4;

/** Steps in their order, together those that have nothing to do with each other: containers that are new, or only stopped. */
export const sideBySide = (steps: readonly Step[]): readonly (readonly Step[])[] => {
  const groups: Step[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    const fits =
      last !== undefined && last.length < AT_ONCE && [...last, step].every(isAlone) && !sharesVolume(last, step);
    if (fits) last.push(step);
    else groups.push([step]);
  }
  return groups;
};

/** Docker fills an empty volume from the image of the first container that is made with it (populateVolumes in moby's daemon/create_unix.go): which one that is must not be chance. */
const sharesVolume = (steps: readonly Step[], step: Step): boolean => {
  const taken = new Set(steps.flatMap(bindsOf));
  return bindsOf(step).some((source) => taken.has(source));
};

/** Volumes and folders of the host. */
const bindsOf = (step: Step): readonly string[] =>
  step.kind !== "docker"
    ? []
    : step.calls.flatMap((call) => (call.call === "createContainer" ? sourcesOf(call.body) : []));

const sourcesOf = ({ HostConfig: { Binds } }: ContainerBody): readonly string[] =>
  (Array.isArray(Binds) ? (Binds as readonly string[]) : []).map((bind) => bind.split(":")[0] ?? "");

/** Not one with an address of its own choice: Docker could have given it to the one beside it. */
const isAlone = (step: Step): boolean =>
  step.kind === "docker" &&
  step.calls.every(
    (call) => call.call === "startContainer" || (call.call === "createContainer" && !hasAddress(call.body)),
  );

const hasAddress = ({ NetworkingConfig }: ContainerBody): boolean =>
  JSON.stringify(NetworkingConfig ?? null).includes('"IPv4Address"');
