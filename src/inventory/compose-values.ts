import { parseIp } from "../cidr.ts";

/** A published port as Docker's API takes it; ranges are spelled out by the parser. */
export type Port = {
  readonly target: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly hostIp: string;
  /** Empty: the engine picks a free one. */
  readonly published: string;
};

const MAX_RANGE = 1024;

const range = (text: string): readonly number[] | undefined => {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  if (from < 1 || to > 65535 || to < from || to - from >= MAX_RANGE) return undefined;
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
};

/**
 * Compose's short port syntax `[[ip:]published:]target[/protocol]`, ranges included
 * (https://github.com/compose-spec/compose-spec/blob/main/05-services.md#ports); undefined where it is none.
 */
export const parsePort = (text: string): readonly Port[] | undefined => {
  const match = /^(?:(?:(\d+\.\d+\.\d+\.\d+):)?([\d-]*):)?([\d-]+)(?:\/(tcp|udp|sctp))?$/.exec(text);
  if (match === null) return undefined;
  const targets = range(match[3] ?? "");
  const published = match[2] === undefined || match[2] === "" ? undefined : range(match[2]);
  if (targets === undefined || (match[1] !== undefined && parseIp(match[1]) === undefined)) return undefined;
  if (match[2] && published === undefined) return undefined;
  if (published !== undefined && published.length !== targets.length) return undefined;
  const protocol = (match[4] ?? "tcp") as Port["protocol"];
  return targets.map((target, i) => ({
    target,
    protocol,
    hostIp: match[1] ?? "",
    published: published === undefined ? "" : String(published[i]),
  }));
};

/** A mount of a container: a path of the host, a named volume, or (no source) an anonymous one. */
export type Mount = {
  readonly type: "bind" | "volume" | "tmpfs";
  readonly source?: string | undefined;
  readonly target: string;
  /** Mode words of the short syntax (`ro`, `z`, `rshared`, ...), passed on as they are. */
  readonly mode?: string | undefined;
};

/** Words of a mount's mode (moby, volume/mounts/linux_parser.go). */
const MODES = new Set([
  "ro",
  "rw",
  "z",
  "Z",
  "nocopy",
  "consistent",
  "cached",
  "delegated",
  ...["shared", "slave", "private"].flatMap((p) => [p, `r${p}`]),
]);

/** Compose's short volume syntax `[source:]target[:mode]`; a relative source is refused, it would be the operator's folder. */
export const parseVolume = (text: string): Mount | undefined => {
  const parts = text.split(":");
  if (parts.length > 3 || parts.some((part) => part === "")) return undefined;
  if (parts.length === 1) return text.startsWith("/") ? { type: "volume", target: text } : undefined;
  const [source = "", target = "", mode] = parts;
  if (!target.startsWith("/") || mode?.split(",").every((word) => MODES.has(word)) === false) return undefined;
  if (source.startsWith("/")) return { type: "bind", source, target, mode };
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(source) ? { type: "volume", source, target, mode } : undefined;
};

const SECONDS = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6 } as const;

/** Nanoseconds of a Compose duration such as `1m30s`; the API counts in nanoseconds. */
export const parseDuration = (text: string): number | undefined => {
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us)/g)];
  return int64(parts.reduce((sum, p) => sum + Number(p[1]) * SECONDS[p[2] as keyof typeof SECONDS], 0) * 1e9);
};

/** Bytes of a Compose size such as `64m` or `1gb`; binary units, as Docker reads them. */
export const parseBytes = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmg]?)b?$/i.exec(text);
  if (match === null) return undefined;
  const power = ["", "k", "m", "g"].indexOf((match[2] ?? "").toLowerCase().replace("b", ""));
  return int64(Number(match[1]) * 1024 ** power);
};

/** What Docker's API has for times and sizes; JSON would make null of what is beyond a number. */
const int64 = (value: number): number | undefined => (value < 2 ** 63 ? Math.round(value) : undefined);

/** Billionths of a processor of Compose's `cpus`; undefined beyond what the API takes. */
export const nanoCpus = (cpus: string | number): number | undefined => int64(Number(cpus) * 1e9);
