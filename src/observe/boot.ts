import type { BootFacts, Facts } from "../model/facts.ts";
import { lines } from "./script.ts";

/**
 * What brings the projects' state back after a restart: `sha256sum` of their files, and what `systemctl show` says of their units, in blocks of
 * `Key=value` lines. `foreign` are units of such a name that xhost has not written.
 */
export const parseBoot = (sums: string, systemd: string, foreign: string): Pick<Facts, "boot" | "systemd"> => {
  const version = /^Version=(\d+)$/m.exec(systemd)?.[1];
  const files = lines(sums).flatMap((line) => {
    // A backslash before the digest: the name has characters that sha256sum writes in another way. None of ours has.
    const [, digest = "", path = ""] = /^([0-9a-f]{64}) [ *](\/.*)$/.exec(line) ?? [];
    const project = projectOf(path);
    return project === undefined ? [] : [{ project, path, digest }];
  });
  const others = new Set(lines(foreign));
  const units = Map.groupBy(systemd.split("\n\n").flatMap(unitOf), ({ project }) => project);
  const bootOf = (project: string, own: typeof files): BootFacts => ({
    digests: new Map(own.filter(({ path }) => !others.has(path)).map(({ path, digest }) => [path, digest])),
    foreign: own.map(({ path }) => path).filter((path) => others.has(path)),
    unit: (units.get(project)?.find(({ state }) => state !== "enabled") ?? units.get(project)?.[0])?.state,
  });
  return {
    systemd: version === undefined ? undefined : Number(version),
    boot: new Map(
      [...Map.groupBy(files, ({ project }) => project)].map(([project, own]) => [project, bootOf(project, own)]),
    ),
  };
};

const projectOf = (path: string): string | undefined =>
  /^\/etc\/xhost\/([^/]+)\/[^/]+$/.exec(path)?.[1] ?? /\/xhost-([^/]+)\.(?:service|path)(?:\.part)?$/.exec(path)?.[1];

/**
 * A unit that has failed, waits to be started again after a failure or has been since (systemd counts that from the last success on), or watches no
 * more, does not count as enabled. What waits for the end of a run of xhost has not failed, and does so in one start.
 */
const unitOf = (block: string): readonly { readonly project: string; readonly state: string }[] => {
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, "m").exec(block)?.[1] ?? "";
  const [id, active] = [value("Id"), value("ActiveState")];
  const project = projectOf(`/${id}`);
  if (project === undefined) return [];
  const isAgain = value("SubState").startsWith("auto-restart") || Number(value("NRestarts")) > 0;
  const isFailing = active === "failed" || (active === "activating" && isAgain);
  const isIdle = id.endsWith(".path") && active === "inactive";
  return [{ project, state: isFailing ? "failed" : isIdle ? active : value("UnitFileState") }];
};
