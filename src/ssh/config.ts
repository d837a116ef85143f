/** What `ssh -G` prints, the values that matter here, before `~` and tokens are expanded (ssh leaves both). */
export type SshConfig = {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** A socket, `SSH_AUTH_SOCK` or `$NAME`; `none` forbids the agent; absent: `SSH_AUTH_SOCK`. */
  readonly identityAgent: string | undefined;
  /** The whole chain, `user@host:port,other`. */
  readonly proxyJump: string | undefined;
  readonly proxyCommand: string | undefined;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  /** `ask` is OpenSSH's default; nobody can be asked here, so it ends as `yes`. */
  readonly strictHostKeyChecking: "yes" | "accept-new" | "no" | "ask";
  readonly hostKeyAlias: string | undefined;
  readonly hashKnownHosts: boolean;
  /** Seconds; 0 when nobody set it. */
  readonly serverAliveInterval: number;
  /** Seconds. */
  readonly connectTimeout: number | undefined;
};

/** Reads `keyword value` lines; as in ssh the first value of a keyword wins, and identity files add up. */
export const parseSshConfig = (text: string): SshConfig => {
  const values = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    // Blanks at the end are part of a path; line separators of Unicode are none to ssh.
    const [, key, value] = /^[ \t]*(\S+)[ \t]+(.*?)\r?$/s.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    values.set(key.toLowerCase(), [...(values.get(key.toLowerCase()) ?? []), value]);
  }
  const first = (key: string): string | undefined => values.get(key)?.[0];
  const given = (key: string): string | undefined => (first(key) === "none" ? undefined : first(key));
  const words = (key: string): string[] => (given(key) ?? "").split(/\s+/).filter((word) => word !== "");
  return {
    hostname: first("hostname") ?? "",
    port: Number(first("port") ?? 22),
    user: first("user") ?? "",
    identityFiles: (values.get("identityfile") ?? []).filter((file) => file !== "none"),
    identitiesOnly: isYes(first("identitiesonly")),
    identityAgent: first("identityagent"),
    proxyJump: given("proxyjump"),
    proxyCommand: given("proxycommand"),
    userKnownHostsFiles: words("userknownhostsfile"),
    globalKnownHostsFiles: words("globalknownhostsfile"),
    strictHostKeyChecking: strictness(first("stricthostkeychecking")),
    hostKeyAlias: given("hostkeyalias"),
    hashKnownHosts: isYes(first("hashknownhosts")),
    serverAliveInterval: Number(first("serveraliveinterval") ?? 0),
    connectTimeout: given("connecttimeout") === undefined ? undefined : Number(first("connecttimeout")),
  };
};

const isYes = (value: string | undefined): boolean => value === "yes" || value === "true";

const strictness = (value: string | undefined): SshConfig["strictHostKeyChecking"] => {
  if (value === "accept-new") return "accept-new";
  if (value === "no" || value === "off" || value === "false") return "no";
  return isYes(value) ? "yes" : "ask";
};
