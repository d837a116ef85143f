import type { SshConfig } from "../ssh/config.ts";
import { parseJump } from "../ssh/resolve.ts";

/** A name of an ssh_config(5) file with what ssh makes of it. */
export type Named = { readonly name: string; readonly config: SshConfig };

/** Names that stand in the ProxyJump of another host, each with one of those hosts. */
export const jumpsOf = (hosts: readonly Named[]): ReadonlyMap<string, string> =>
  new Map(
    hosts.flatMap(({ name, config }) =>
      hopsOf(config.proxyJump, name).map((hop): [string, string] => [parseJump(hop).host, name]),
    ),
  );

/** What `ssh -G` says of a name with further arguments: with the file, and without any. */
export type Ask = (
  name: string,
  args: readonly string[],
) => Promise<{ readonly config: SshConfig; readonly plain: SshConfig }>;

/**
 * The ProxyJump of a host in words that do not need the file: every hop as `user@hostname:port`, before them the hops that the file has
 * for the first one. `undefined` without one; `unsayable` where a hop is behind a ProxyCommand.
 */
export const resolvedJump = async (
  { name, config }: Named,
  ask: Ask,
): Promise<string | undefined | { unsayable: string }> => {
  const hops: string[] = [];
  // from the host backwards: only the first hop of a chain is reached as its own entry says
  let pending = [...hopsOf(config.proxyJump, name)];
  for (let hop = pending.pop(); hop !== undefined && hops.length < DEEPEST; hop = pending.pop()) {
    const { host, user, port } = parseJump(hop);
    const args = [...(user === undefined ? [] : ["-l", user]), ...(port === undefined ? [] : ["-p", String(port)])];
    const { config: its, plain } = await ask(host, args);
    hops.unshift(hopText(its, its.user === plain.user && user === undefined ? undefined : its.user));
    if (pending.length > 0) continue;
    if (its.proxyCommand !== undefined) return { unsayable: host };
    pending = [...hopsOf(its.proxyJump, host)];
  }
  return hops.join(",") || undefined;
};

/** As the connection itself allows. */
const DEEPEST = 8;

/** `Host *` with a ProxyJump speaks of the jump host too, which ssh reaches without it. */
const hopsOf = (proxyJump: string | undefined, name: string): readonly string[] =>
  proxyJump === undefined || parseJump(proxyJump).host === name ? [] : proxyJump.split(",");

const hopText = ({ hostname, port }: SshConfig, user: string | undefined): string =>
  [
    ...(user === undefined ? [] : [`${user}@`]),
    hostname.includes(":") ? `[${hostname}]` : hostname,
    ...(port === 22 ? [] : [`:${port}`]),
  ].join("");
