import { HIDDEN } from "../inventory/shown.ts";
import type { DockerCall } from "./step.ts";

/** Shorter values would be found everywhere, and are no secrets. */
const SHORTEST = 4;

/** What calls send and nobody is shown: wherever a body and the one for people and logs differ, the part in which they do. The longest first. */
export const secretsOf = (calls: readonly DockerCall[]): readonly string[] => {
  const all = calls.flatMap((call) => {
    const made = call.call === "createContainer" ? call : call.call === "startContainer" ? call.made : undefined;
    return made === undefined ? [] : differing(made.body, made.shown);
  });
  return [...new Set(all)].filter((text) => text.length >= SHORTEST).sort((a, b) => b.length - a.length);
};

const differing = (value: unknown, shown: unknown): readonly string[] => {
  if (typeof value === "string")
    return typeof shown !== "string" ? [value] : value === shown ? [] : [part(value, shown)];
  if (typeof value !== "object" || value === null) return [];
  const other = (typeof shown === "object" && shown !== null ? shown : {}) as Readonly<Record<string, unknown>>;
  return Object.entries(value).flatMap(([key, inner]) => differing(inner, other[key]));
};

/** Without the beginning and the end that both have, such as the name before a value. */
const part = (value: string, shown: string): string => {
  const shorter = Math.min(value.length, shown.length);
  let start = 0;
  while (start < shorter && value[start] === shown[start]) start++;
  let end = 0;
  while (end < shorter - start && value.at(-1 - end) === shown.at(-1 - end)) end++;
  return value.slice(start, value.length - end);
};

/** Text of somebody else's, such as an engine's refusal, without secrets that it may repeat, also between quotes. */
export const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .reduce((known, secret) => known.replaceAll(secret, HIDDEN), text);
