import { XhostError } from "../errors.ts";

/** `machine`: the root file system and the Docker of the machine itself; else the Debian suite of the host's own root. */
export type Engine = "machine" | `debian-${string}`;

/** Debian suites and the Docker they had when this was written; any other suite of the mirror is worth a try. */
const knownSuites = "bookworm (20.10), trixie (26.1), sid (28.5)";

/** Deals the comma list to the hosts in turn: `bookworm,sid` for three hosts is bookworm, sid, bookworm. */
export const dealtEngines = (list: string | undefined, hosts: number): readonly Engine[] => {
  const engines = list === undefined ? ["machine" as const] : list.split(",").map((item) => parseEngine(item.trim()));
  return Array.from({ length: hosts }, (_, i) => engines[i % engines.length] ?? "machine");
};

/** The suite's name as Debian's mirror knows it; undefined for the machine's own. */
export const suiteOf = (engine: Engine): string | undefined =>
  engine === "machine" ? undefined : engine.slice("debian-".length);

/** For a suite that the mirror does not have. */
export const unknownSuite = (suite: string, mirror: string): XhostError =>
  new XhostError(
    "INVENTORY",
    `engine "${suite}": ${mirror} has no Debian suite of that name; known are ${knownSuites}`,
  );

const parseEngine = (item: string): Engine => {
  if (item === "machine") return item;
  const suite = item.replace(/^debian-/, "");
  if (!/^[a-z]+$/.test(suite))
    throw new XhostError("INVENTORY", `engine "${item}": should be machine or a Debian suite: ${knownSuites}`);
  return `debian-${suite}`;
};
