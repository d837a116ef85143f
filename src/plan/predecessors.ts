import { retiredName } from "../model/names.ts";
import { changedSettings } from "../model/settings.ts";
import type { Container } from "../model/state.ts";
import { isMendable } from "./container-steps.ts";
import { differences } from "./diff.ts";

/** What containers that stand on a host under other names are to those that are wanted there. */
export type Succession = {
  /** By wanted name: what hands over its name, or its data, to a container that is missing. */
  readonly heirs: ReadonlyMap<string, Container>;
  /** By wanted name: the predecessor of a container that stands and does not run yet, not needed any more when it does. */
  readonly reserves: ReadonlyMap<string, Container>;
  /** Successors that never came up, in the way of another one. */
  readonly stillborn: readonly Container[];
  /** Predecessors that nobody needs any more. */
  readonly leftovers: readonly Container[];
};

/** `isUprooted` tells of a container whether it has to be made anew for another reason than its own settings. */
export const succession = (
  desired: readonly Container[],
  actual: readonly Container[],
  isUprooted: (have: Container) => boolean,
): Succession => {
  const wanted = new Set(desired.map(({ name }) => name));
  const there = new Map(actual.map((have) => [have.name, have]));
  const pairs = desired.flatMap((want) => {
    const [have, old] = [there.get(want.name), there.get(retiredName(want.name))];
    return have === undefined || old === undefined || wanted.has(old.name)
      ? []
      : [{ name: want.name, have, old, part: partOf(want, { have, old, isUprooted: isUprooted(have) }) }];
  });
  const playing = (part: Part) => pairs.filter((pair) => pair.part === part);
  const stillborn = playing("predecessor").map(({ have }) => have);
  const isMissing = new Set(stillborn.map(({ name }) => name));
  const isTaken = new Set([...playing("reserve"), ...playing("leftover")].map(({ old }) => old.name));
  return {
    heirs: predecessors(
      desired.filter(({ name }) => !there.has(name) || isMissing.has(name)),
      actual.filter(({ name }) => !wanted.has(name) && !isTaken.has(name)),
    ),
    reserves: new Map(playing("reserve").map(({ name, old }) => [name, old])),
    stillborn,
    leftovers: playing("leftover").map(({ old }) => old),
  };
};

type Part = "predecessor" | "reserve" | "leftover";

/** What a predecessor is beside its successor, which an interrupted replacement has made but perhaps never started. */
const partOf = (
  want: Container,
  { have, old, isUprooted }: { readonly have: Container; readonly old: Container; readonly isUprooted: boolean },
): Part => {
  if (have.running) return "leftover";
  if (!isUprooted && isMendable(differences([want], [have])[0]?.changed ?? [])) return "reserve";
  const volumes = new Set(old.anonymous?.map(({ name }) => name));
  // One with data of its own hands these on instead.
  return have.anonymous?.every(({ name }) => volumes.has(name)) === false ? "leftover" : "predecessor";
};

/**
 * What a missing container was before, by its wanted name: one of ours that somebody has renamed, alike in all settings, or that an
 * interrupted replacement has left. Its data belong to the one that is wanted. Nothing where two are alike.
 */
const predecessors = (missing: readonly Container[], spare: readonly Container[]): ReadonlyMap<string, Container> => {
  const isRetired = new Set(missing.map(({ name }) => retiredName(name)));
  return new Map(
    missing.flatMap((want) => {
      const retired = spare.find(({ name }) => name === retiredName(want.name));
      const alike = spare.filter((have) => !isRetired.has(have.name) && isAlike(want, have));
      const isOnly = alike.length === 1 && missing.filter((other) => isAlike(want, other)).length === 1;
      const found = retired ?? (isOnly ? alike[0] : undefined);
      return found === undefined ? [] : [[want.name, found] as const];
    }),
  );
};

const isAlike = (a: Container, b: Container): boolean => changedSettings(a.settings, b.settings).length === 0;
