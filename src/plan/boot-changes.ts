import type { Boot } from "../model/state.ts";

/** What is different of two boot scripts, in words: files by their names, then the unit. */
export const bootChanges = (want: Boot, have: Boot): readonly string[] => [
  ...[...new Set([...want.digests.keys(), ...have.digests.keys()])].flatMap((path) => {
    const [wanted, there] = [want.digests.get(path), have.digests.get(path)];
    if (wanted === there) return [];
    const name = path.slice(path.lastIndexOf("/") + 1);
    return [`${name} ${there === undefined ? "missing" : wanted === undefined ? "not needed" : "changed"}`];
  }),
  ...(want.unit !== undefined && have.digests.has(unitOf(want)) && want.unit !== have.unit
    ? [`unit ${have.unit ?? "unknown"}`]
    : []),
];

const unitOf = ({ digests }: Boot): string => [...digests.keys()].find((path) => path.endsWith(".service")) ?? "";
