import { retiredName } from "../model/names.ts";
import { changedSettings } from "../model/settings.ts";
import type { Container } from "../model/state.ts";

/**
 * What a missing container was before, by its wanted name: one of ours that somebody has renamed, alike in all settings, or that an
 * interrupted replacement has left. Its data belong to the one that is wanted. Nothing where two are alike.
 */
export const predecessors = (
  missing: readonly Container[],
  spare: readonly Container[],
): ReadonlyMap<string, Container> => {
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
