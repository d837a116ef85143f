import { execa } from "execa";
import pLimit from "p-limit";
import { XhostError } from "../errors.ts";
import type { SshOptions } from "../inventory/inventory.ts";
import { parseSshConfig, type SshConfig } from "../ssh/config.ts";
import type { Found, FoundHost } from "./found.ts";
import { hostNames } from "./host-names.ts";
import { jumpsOf, resolvedJump, type Ask } from "./jump.ts";

/** Which file and which of its hosts; `isDefault`: ssh reads that file by itself, so an alias says everything. */
export type SshConfigSource = {
  readonly file: string;
  readonly isDefault: boolean;
  readonly only: readonly string[] | undefined;
};

/** The inventory's rule for names of hosts. */
export const HOST_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/**
 * The hosts of an ssh_config(5) file as ssh itself understands it: every name goes through `ssh -G`, and what comes out differently
 * than without the file is what the inventory has to say. Throws INVENTORY errors.
 */
export const sshConfigHosts = async ({ file, isDefault, only }: SshConfigSource): Promise<Found> => {
  const all = await hostNames(file);
  const unknown = (only ?? []).filter((name) => !all.includes(name));
  if (unknown.length > 0)
    throw new XhostError("INVENTORY", `--limit: no Host ${unknown.join(", ")} in ${file} (known: ${all.join(", ")})`);
  const names = only ?? all;
  const programs = pLimit(8);
  const read = await Promise.all(names.map((name) => programs(async () => ({ name, ...(await configs(file, name)) }))));
  const jumps = only === undefined ? jumpsOf(read) : new Map<string, string>();
  const hosts: FoundHost[] = [];
  const leftOut: { name: string; why: string }[] = [];
  const seen = new Map<string, string>();
  for (const { name, config, plain } of read) {
    const behind = jumps.get(name);
    const place = [config.hostname, config.port, config.proxyJump, config.proxyCommand].join(" ");
    const same = seen.get(place);
    if (!HOST_NAME.test(name)) leftOut.push({ name, why: "no name for a host of an inventory" });
    else if (behind !== undefined)
      leftOut.push({ name, why: `the jump host of ${behind}: name it with --limit if it runs Docker too` });
    else if (same !== undefined) leftOut.push({ name, why: `the same host as ${same}` });
    else {
      const ask: Ask = (...asked) => configs(file, ...asked);
      const proxyJump = isDefault ? config.proxyJump : await resolvedJump({ name, config }, ask);
      if (typeof proxyJump === "object")
        leftOut.push({
          name,
          why: `its jump host ${proxyJump.unsayable} is behind a ProxyCommand, which an inventory cannot say`,
        });
      else hosts.push(foundHost(name, { config: { ...config, proxyJump }, plain, isDefault }));
    }
    if (behind === undefined) seen.set(place, same ?? name);
  }
  return { hosts, leftOut };
};

type Configs = { readonly config: SshConfig; readonly plain: SshConfig };

const configs = async (file: string, name: string, args: readonly string[] = []): Promise<Configs> => ({
  config: await sshG(file, name, args),
  plain: await sshG("none", name),
});

/** What options of ssh(1) such as `-J bastion -o Port=2222` come to. Throws INVENTORY errors. */
export const optionsOf = async (name: string, args: readonly string[]): Promise<Omit<SshOptions, "host">> =>
  ownOptions(await sshG("none", name, args), await sshG("none", name));

const sshG = async (file: string, name: string, args: readonly string[] = []): Promise<SshConfig> => {
  const result = await execa("ssh", ["-G", "-F", file, ...args, "--", name], {
    reject: false,
    stdin: "ignore",
    timeout: 20_000,
  });
  if (result.code === "ENOENT")
    throw new XhostError("INVENTORY", `${file}: ssh reads such files, and there is no ssh: install the OpenSSH client`);
  if (result.failed)
    throw new XhostError(
      "INVENTORY",
      `${args.length > 0 ? args.join(" ") : file}: Host ${name}: ${result.shortMessage}\n${result.stderr}`.trimEnd(),
    );
  return parseSshConfig(result.stdout);
};

const foundHost = (name: string, { config, plain, isDefault }: Configs & { isDefault: boolean }): FoundHost => {
  // Behind a proxy `localhost` is somebody else's.
  const isForwarded =
    /^(localhost|127\.[\d.]+|::1)$/.test(config.hostname) && !config.proxyCommand && !config.proxyJump;
  if (isDefault) return { name, ssh: { host: name }, identityFiles: [], isAsked: isForwarded };
  const isOwn = (file: string): boolean => !plain.identityFiles.includes(file);
  return {
    name,
    ssh: { host: config.hostname, ...ownOptions(config, plain) },
    identityFiles: config.identityFiles.filter(isOwn),
    isAsked: isForwarded,
  };
};

/** Keys without a value are left out: the inventory is written as it is. */
const ownOptions = (config: SshConfig, plain: SshConfig): Omit<SshOptions, "host"> => {
  const { port, user, proxyJump, proxyCommand, strictHostKeyChecking } = config;
  const [knownHosts] = config.userKnownHostsFiles;
  return {
    ...(port !== plain.port && { port }),
    ...(user !== plain.user && { user }),
    ...(proxyJump !== undefined && { proxyJump }),
    ...(proxyCommand !== undefined && { proxyCommand }),
    ...(knownHosts !== undefined && knownHosts !== plain.userKnownHostsFiles[0] && { userKnownHostsFile: knownHosts }),
    ...(strictHostKeyChecking !== "ask" && { strictHostKeyChecking }),
  };
};
