import { HIDDEN } from "../inventory/shown.ts";
import type { ContainerBody } from "./container-body.ts";
import { digest, SETTINGS_LABEL } from "./names.ts";

type Settings = Readonly<Record<string, string>>;

/** A digest for each setting, so that a plan can name what changed without keeping anybody's secrets. */
export const settingsOf = (body: ContainerBody): Settings => {
  const { HostConfig, NetworkingConfig, ...own } = body;
  const entries = Object.entries({ ...own, ...HostConfig, NetworkingConfig }).filter(
    ([, value]) => value !== undefined,
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, digest(canonical(value), 8)]));
};

/** JSON with sorted keys: the order of a map in the inventory means nothing. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** The digests for people and logs: that of a setting which is not shown as it is would let anybody try out passwords on it. */
export const shownSettings = (settings: Settings, shown: Settings): Settings =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, value === shown[key] ? value : HIDDEN]));

export const settingsLabel = (settings: Settings): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",");

/** Reads the label back; a container without it has no settings that could match. */
export const labelledSettings = (labels: Readonly<Record<string, string>>): Settings =>
  Object.fromEntries(
    (labels[SETTINGS_LABEL] ?? "").split(",").flatMap((pair): [string, string][] => {
      const [key, value] = pair.split("=");
      return key && value ? [[key, value]] : [];
    }),
  );

/** Names of the settings in which the two differ, sorted. */
export const changedSettings = (a: Settings, b: Settings): readonly string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]).sort();
