import { XhostError } from "../errors.ts";
import { fingerprint, keyType, knownHostName, knownTypes, verdict, type KnownHost } from "./known-hosts.ts";
import { quote } from "./quote.ts";
import type { Resolved } from "./resolve.ts";

/** What to do with the key that a host shows: go on, go on and write it down, or refuse with the words for the user. */
export type Decision =
  | { readonly kind: "accept"; readonly told?: string }
  | { readonly kind: "save"; readonly told: string }
  | { readonly kind: "refuse"; readonly why: string };

/**
 * OpenSSH's StrictHostKeyChecking: `no` takes any key but a revoked one, and never writes down a changed one. `told`: what the user gets to
 * read of a key that was taken without being known.
 */
export const decision = (config: Resolved, entries: readonly KnownHost[], key: Buffer): Decision => {
  const judged = judge(config, entries, key);
  const strict = config.strictHostKeyChecking;
  const shown = `${keyType(key)} ${fingerprint(key)}`;
  switch (judged.kind) {
    case "trusted":
      return { kind: "accept" };
    case "revoked":
      return { kind: "refuse", why: `its host key is revoked by ${place(judged.entry)}: ${shown}` };
    case "changed":
      return strict === "no"
        ? {
            kind: "accept",
            told: `its host key has changed and is taken all the same (strictHostKeyChecking: no), somebody may be in between: it shows ${shown}, ${place(judged.entry)} has another`,
          }
        : { kind: "refuse", why: changed(config, judged.entry, shown) };
    case "unknown":
      if (strict === "no" || strict === "accept-new")
        return {
          kind: "save",
          told: `its host key was not known and is taken (strictHostKeyChecking: ${strict}): ${shown}`,
        };
      return { kind: "refuse", why: unknown(config, entries, shown) };
  }
};

/** Algorithms to ask for, those of the known keys first: a host known by its RSA key must show that one. */
export const hostKeyAlgorithms = (config: Resolved, entries: readonly KnownHost[]): readonly HostKeyAlgorithm[] => {
  const types = names(config).flatMap((name) => knownTypes(entries, name));
  const known = types.flatMap((type) => (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type]));
  const isKnown = (algorithm: string): boolean => known.includes(algorithm);
  return [...algorithms.filter(isKnown), ...algorithms.filter((algorithm) => !isKnown(algorithm))];
};

/** OpenSSH's order of preference; SHA-1 signatures are out, as they are there. */
const algorithms = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
] as const;
type HostKeyAlgorithm = (typeof algorithms)[number];

/** Off port 22, OpenSSH also takes a key that is listed for the host without its port. */
const names = (config: Resolved): readonly string[] => {
  const bare = { ...config, port: 22 };
  return [...new Set([knownHostName(config), knownHostName(bare)])];
};

const judge = (config: Resolved, entries: readonly KnownHost[], key: Buffer): ReturnType<typeof verdict> => {
  const [first, ...others] = names(config).map((name) => verdict(entries, name, key));
  const revoked = others.find((other) => other.kind === "revoked");
  if (first?.kind !== "unknown") return revoked ?? first ?? { kind: "unknown" };
  return revoked ?? others.find((other) => other.kind === "trusted") ?? first;
};

const place = (entry: KnownHost): string => `${entry.file}:${entry.line}`;

const changed = (config: Resolved, entry: KnownHost, shown: string): string => {
  const remove = `ssh-keygen -R ${quote(knownHostName(config))} -f ${quote(entry.file)}`;
  return (
    `its host key has changed, somebody may be in between: it shows ${shown}, ${place(entry)} has another; ` +
    `if the host was set up anew, remove the old key\n${remove}`
  );
};

const unknown = (config: Resolved, entries: readonly KnownHost[], shown: string): string => {
  const name = knownHostName(config);
  const others = names(config).flatMap((known) => knownTypes(entries, known));
  const also = others.length === 0 ? "" : ` (known is only its ${others.join(", ")} key)`;
  const file = config.userKnownHostsFiles[0] ?? "~/.ssh/known_hosts";
  return (
    `its host key is not known: ${shown}${also}; compare it with the host's own ` +
    `(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then set strictHostKeyChecking: accept-new, or have ssh ask and add ` +
    `its line for ${name} to ${file}:\n${asking(config, file)}`
  );
};

/** ssh on the same way as here, which shows the fingerprint and writes the key down after a yes. */
const asking = (config: Resolved, file: string): string => {
  const { alias, user, port, proxyCommand, proxyJump } = config;
  const options = [
    "StrictHostKeyChecking=ask",
    `UserKnownHostsFile=${/\s/.test(file) ? `"${file}"` : file}`,
    ...(proxyCommand === undefined ? [] : [`ProxyCommand=${proxyCommand}`]),
    ...(proxyJump === undefined || proxyCommand !== undefined ? [] : [`ProxyJump=${proxyJump}`]),
    ...(port === 22 ? [] : [`Port=${port}`]),
  ];
  return ["ssh", ...options.flatMap((option) => ["-o", quote(option)]), "-l", quote(user), quote(alias), "true"].join(
    " ",
  );
};

/** The key could not be written down; accepting it would make every connection a first one. */
export const unsaved = (file: string, cause: unknown): XhostError =>
  new XhostError("UNREACHABLE", `its host key cannot be added to ${file}: ${(cause as Error).message}`, { cause });
