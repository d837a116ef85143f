// What is compared, and what was wanted.

export const OPERATIONS = ["fresh deploy", "no-op deploy", "change a container", "add a host", "destroy"] as const;
export type Operation = (typeof OPERATIONS)[number];

export const BY_HAND = "by hand";
export const READ_SCRIPT_ALONE = "read script over ssh";
export const ANSIBLE = "Ansible";
export const SWARM = "Swarm";
export type Rival = typeof BY_HAND | typeof READ_SCRIPT_ALONE | typeof ANSIBLE | typeof SWARM;

/** `most`: of the rival's time xhost takes at most that many; `faster`: the rival takes at least that many of xhost's. */
export type Target = { readonly most: number } | { readonly faster: number };

const TARGETS: readonly { readonly operation: Operation; readonly rival: Rival; readonly target: Target }[] = [
  { operation: "fresh deploy", rival: BY_HAND, target: { most: 1.2 } },
  { operation: "no-op deploy", rival: READ_SCRIPT_ALONE, target: { most: 1.1 } },
  { operation: "fresh deploy", rival: ANSIBLE, target: { faster: 10 } },
  { operation: "no-op deploy", rival: ANSIBLE, target: { faster: 20 } },
];

export const targetOf = (operation: Operation, rival: Rival): Target | undefined =>
  TARGETS.find((each) => each.operation === operation && each.rival === rival)?.target;

export const targetText = (target: Target): string =>
  "most" in target ? `at most ${target.most}` : `at least ${target.faster} times`;

/** `ratio` is xhost's time by the rival's. */
export const isHeld = (target: Target, ratio: number): boolean =>
  "most" in target ? ratio <= target.most : 1 / ratio >= target.faster;
