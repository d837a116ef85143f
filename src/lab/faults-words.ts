import { combined, XhostError } from "../errors.ts";
import { parseDrop } from "./faults-drop.ts";
import { parseMtu } from "./faults-mtu.ts";
import type { Faults, LabHost } from "./record.ts";

/** A fabric that works. */
export const noFaults: Faults = { drop: [], mtu: [], down: [] };

/** The faults without repeats; all that is wrong with them is in one error, before anything is changed. */
export const checkedFaults = (lab: string, hosts: readonly Pick<LabHost, "name">[], faults: Faults): Faults => {
  const { drop, mtu, down } = faults;
  const names = hosts.map(({ name }) => name);
  const requireHost = (host: string | undefined): void => {
    if (host !== undefined && !names.includes(host))
      throw new XhostError("INVENTORY", `lab ${lab}: no host ${host}: has ${names.join(", ")}`);
  };
  const places = new Set<string | undefined>();
  const problems = [
    ...drop.flatMap((word) => problemsOf(() => requireHost(parseDrop(word).host))),
    ...mtu.flatMap((word) =>
      problemsOf(() => {
        const { at } = parseMtu(word);
        if (at !== "fabric") requireHost(at);
        if (places.has(at)) throw new XhostError("INVENTORY", `mtu "${word}": there is one for ${at ?? "all"} already`);
        places.add(at);
      }),
    ),
    ...down.flatMap((host) => problemsOf(() => requireHost(host))),
  ];
  if (problems.length > 0) throw combined(problems);
  return { drop: [...new Set(drop)], mtu, down: [...new Set(down)] };
};

/** The options that declare these faults, in the order of the command line's help. */
export const faultWords = ({ drop, mtu, down }: Faults): readonly string[] => [
  ...drop.map((word) => `--drop ${word}`),
  ...mtu.map((word) => `--mtu ${word}`),
  ...down.map((word) => `--down ${word}`),
];

/** What of the faults a host meets on its own cable or in the fabric, for a table: `drop proto4, mtu 1400, down`. */
export const faultsAt = ({ drop, mtu, down }: Faults, host: string): string =>
  [
    ...drop.filter((word) => [undefined, host].includes(parseDrop(word).host)).map((word) => `drop ${word}`),
    ...mtu.filter((word) => [undefined, "fabric", host].includes(parseMtu(word).at)).map((word) => `mtu ${word}`),
    ...(down.includes(host) ? ["down"] : []),
  ].join(", ");

const problemsOf = (check: () => void): readonly XhostError[] => {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof XhostError) return [error];
    throw error;
  }
};
