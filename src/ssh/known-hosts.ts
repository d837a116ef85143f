import { createHash, createHmac } from "node:crypto";

/** One line of a known_hosts file, sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT". */
export type KnownHost = {
  readonly file: string;
  readonly line: number;
  readonly marker: "revoked" | "cert-authority" | undefined;
  /** Names, patterns and `!` patterns with commas between them, or one hashed name. */
  readonly hosts: string;
  readonly type: string;
  /** The key itself, base64. */
  readonly key: string;
};

/** What known_hosts files say about a key that a host showed. `changed` and `revoked` carry the line that says so. */
export type Verdict =
  { readonly kind: "trusted" | "unknown" } | { readonly kind: "changed" | "revoked"; readonly entry: KnownHost };

/** Lines that are no entries are passed over, as OpenSSH does. */
export const parseKnownHosts = (text: string, file: string): readonly KnownHost[] =>
  text.split("\n").flatMap((content, index) => {
    const words = content.trim().split(/\s+/);
    const marker = words[0] === "@revoked" || words[0] === "@cert-authority" ? words[0].slice(1) : undefined;
    const [hosts, type, key] = marker === undefined ? words : words.slice(1);
    if (hosts === undefined || type === undefined || key === undefined || /^[#@]/.test(hosts)) return [];
    return [{ file, line: index + 1, marker: marker as KnownHost["marker"], hosts, type, key }];
  });

/** The name under which a host is listed: HostKeyAlias as it is, else `host`, or `[host]:port` off port 22. */
export const knownHostName = (host: { hostname: string; port: number; hostKeyAlias: string | undefined }): string => {
  if (host.hostKeyAlias !== undefined) return host.hostKeyAlias.toLowerCase();
  const name = host.hostname.toLowerCase();
  return host.port === 22 ? name : `[${name}]:${host.port}`;
};

/**
 * Judges a key (the blob of the SSH protocol) as OpenSSH does: a revoked key is revoked wherever it stands, a line with
 * the same key is enough, another key of the same type is a change, other types say nothing.
 */
export const verdict = (entries: readonly KnownHost[], name: string, key: Buffer): Verdict => {
  const shown = key.toString("base64");
  const listed = entries.filter((entry) => entry.marker !== "cert-authority" && isListed(entry.hosts, name));
  const revoked = listed.find((entry) => entry.marker === "revoked" && entry.key === shown);
  if (revoked !== undefined) return { kind: "revoked", entry: revoked };
  const plain = listed.filter((entry) => entry.marker === undefined);
  if (plain.some((entry) => entry.key === shown)) return { kind: "trusted" };
  const changed = plain.find((entry) => entry.type === keyType(key));
  return changed === undefined ? { kind: "unknown" } : { kind: "changed", entry: changed };
};

/** Key types that a host is known by, in the order of the files; asked for first, or its key looks unknown. */
export const knownTypes = (entries: readonly KnownHost[], name: string): readonly string[] => [
  ...new Set(entries.filter((e) => e.marker === undefined && isListed(e.hosts, name)).map((e) => e.type)),
];

/** `SHA256:...` as ssh-keygen -l prints it. */
export const fingerprint = (key: Buffer): string =>
  `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;

/** The type is the first string of every key blob (RFC 4253 section 6.6). */
export const keyType = (key: Buffer): string => key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");

/** One line for a known_hosts file, the name hashed with `salt` (20 bytes) when there is one. */
export const knownHostLine = (name: string, key: Buffer, salt: Buffer | undefined): string => {
  const hosts = salt === undefined ? name : `|1|${salt.toString("base64")}|${hashOf(name, salt)}`;
  return `${hosts} ${keyType(key)} ${key.toString("base64")}\n`;
};

const hashOf = (name: string, salt: Buffer): string => createHmac("sha1", salt).update(name).digest("base64");

/** A `!` pattern that fits is final; otherwise one pattern that fits is enough. */
const isListed = (hosts: string, name: string): boolean => {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts) ?? [];
  if (salt !== undefined) return hash === hashOf(name, Buffer.from(salt, "base64"));
  const patterns = hosts.split(",");
  if (patterns.some((pattern) => pattern.startsWith("!") && fits(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && fits(pattern, name));
};

/** `*` and `?` are the only wildcards; brackets are part of the name. */
const fits = (pattern: string, name: string): boolean => {
  const lower = pattern.toLowerCase();
  if (!/[*?]/.test(lower)) return lower === name;
  const source = lower
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(name);
};
