import { homedir, userInfo } from "node:os";
import { XhostError } from "../errors.ts";
import type { InventoryHost, SshOptions } from "../inventory/inventory.ts";
import { askSsh } from "./ask.ts";
import { parseSshConfig, type SshConfig } from "./config.ts";
import { expandPath, expandTokens } from "./tokens.ts";

/** How a host is reached, everything decided: `~/.ssh/config` and the inventory in one, paths absolute. */
export type Resolved = SshConfig & {
  /** As the inventory writes it: `%n` of ssh_config(5). */
  readonly alias: string;
  /** Named in the inventory: when it cannot be read, that is an error and not one key less to try. */
  readonly requiredIdentity: string | undefined;
};

/**
 * Asks `ssh -G`, so that Include, Match and ssh's own order of precedence hold: the inventory's keys go in as `-o`
 * arguments and win. A controller without `ssh` has no `~/.ssh/config` to ask about; there ssh's defaults hold.
 */
export const resolveSsh = async ({ name, ssh }: Pick<InventoryHost, "name" | "ssh">): Promise<Resolved> => {
  const options = sshArguments(ssh);
  const args = ["-G", ...options.flatMap(([key, value]) => ["-o", `${key}=${value}`]), "--", ssh.host];
  const { code, stdout, stderr } = await askSsh(args);
  if (code === "ENOENT") return expanded(parseSshConfig(withoutSsh(ssh)), ssh);
  if (code !== 0) {
    const how = code === undefined ? "did not end within 20 s" : `ended with exit code ${code}`;
    const why = `ssh ${args.join(" ")}: ${how}\n${stderr}`.trimEnd();
    throw new XhostError("INVENTORY", `read the ssh configuration of ${ssh.host}: ${why}`, { host: name });
  }
  return expanded(parseSshConfig(stdout), ssh);
};

/** `user@hostname:port`, for messages. */
export const targetOf = ({ user, hostname, port }: Resolved): string =>
  `${user}@${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;

/** One hop of a ProxyJump value: `user@host:port`, `[::1]:22` or `ssh://...`. */
export const parseJump = (text: string): SshOptions => {
  const bare = text
    .trim()
    .replace(/^ssh:\/\//, "")
    .replace(/\/$/, "");
  const [, user, bracketed, plain, port] = /^(?:(.*)@)?(?:\[(.+)\]|([^:]+|.*:.*:.*?))(?::(\d+))?$/.exec(bare) ?? [];
  return { host: bracketed ?? plain ?? bare, user, port: port === undefined ? undefined : Number(port) };
};

/**
 * A jump host is its own entry of `~/.ssh/config`, as with `ssh -J`: user and port of the inventory are not its own.
 * What is left open there, the inventory's words for the host behind it decide: its key is tried last, its known_hosts
 * file is read and written first, and its strictness holds where nobody decided one.
 */
export const jumpConfig = (jump: Resolved, inventory: SshOptions): Resolved => {
  const path = (written: string | undefined): readonly string[] =>
    written === undefined ? [] : [expandPath(written, {})];
  const identity = path(inventory.identityFile);
  return {
    ...jump,
    identityFiles: [...new Set([...jump.identityFiles, ...identity])],
    requiredIdentity: identity[0],
    userKnownHostsFiles: [...new Set([...path(inventory.userKnownHostsFile), ...jump.userKnownHostsFiles])],
    strictHostKeyChecking:
      jump.strictHostKeyChecking === "ask" ? (inventory.strictHostKeyChecking ?? "yes") : jump.strictHostKeyChecking,
  };
};

/** ssh_config(5) splits words at blanks, except in ProxyCommand and ProxyJump, which take the rest of the line. */
const sshArguments = (ssh: SshOptions): readonly (readonly [string, string])[] => {
  const word = (text: string): string => `"${text.replace(/(["\\])/g, "\\$1")}"`;
  const options: readonly (readonly [string, string | undefined])[] = [
    ["User", ssh.user && word(ssh.user)],
    ["Port", ssh.port?.toString()],
    ["IdentityFile", ssh.identityFile && word(ssh.identityFile)],
    ["ProxyJump", ssh.proxyJump],
    ["ProxyCommand", ssh.proxyCommand],
    ["UserKnownHostsFile", ssh.userKnownHostsFile && word(ssh.userKnownHostsFile)],
    ["StrictHostKeyChecking", ssh.strictHostKeyChecking],
  ];
  return options.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
};

/** What `ssh -G` would print with an empty configuration. */
const withoutSsh = (ssh: SshOptions): string => {
  const identities = ["id_rsa", "id_ecdsa", "id_ed25519"].map((file) => `~/.ssh/${file}`);
  return [
    `hostname ${ssh.host}`,
    `user ${ssh.user ?? userInfo().username}`,
    `port ${ssh.port ?? 22}`,
    ...(ssh.identityFile === undefined ? identities : [ssh.identityFile]).map((file) => `identityfile ${file}`),
    `proxyjump ${ssh.proxyCommand === undefined ? (ssh.proxyJump ?? "none") : "none"}`,
    `proxycommand ${ssh.proxyCommand ?? "none"}`,
    `userknownhostsfile ${ssh.userKnownHostsFile ?? "~/.ssh/known_hosts"}`,
    "globalknownhostsfile /etc/ssh/ssh_known_hosts",
    `stricthostkeychecking ${ssh.strictHostKeyChecking ?? "ask"}`,
  ].join("\n");
};

const expanded = (config: SshConfig, ssh: SshOptions): Resolved => {
  const tokens = {
    d: homedir(),
    h: config.hostname,
    i: String(userInfo().uid),
    k: config.hostKeyAlias ?? ssh.host,
    n: ssh.host,
    p: String(config.port),
    r: config.user,
    u: userInfo().username,
  };
  const path = (written: string): string => expandPath(written, tokens);
  // `ssh -G` prints several files unquoted on one line: a blank in the inventory's own path would be lost.
  const knownHosts = ssh.userKnownHostsFile === undefined ? config.userKnownHostsFiles : [ssh.userKnownHostsFile];
  return {
    ...config,
    alias: ssh.host,
    hostname: expandTokens(config.hostname, { h: ssh.host, n: ssh.host }),
    identityFiles: config.identityFiles.map(path),
    requiredIdentity: ssh.identityFile === undefined ? undefined : path(ssh.identityFile),
    identityAgent: agentSocket(config.identityAgent, path),
    userKnownHostsFiles: knownHosts.map(path),
    globalKnownHostsFiles: config.globalKnownHostsFiles.map(path),
  };
};

const agentSocket = (written: string | undefined, path: (written: string) => string): string | undefined => {
  if (written === undefined || written === "SSH_AUTH_SOCK") return process.env["SSH_AUTH_SOCK"];
  if (written === "none") return undefined;
  return written.startsWith("$") && !written.startsWith("${") ? process.env[written.slice(1)] : path(written);
};
