import { homedir } from "node:os";
import { resolve } from "node:path";
import { XhostError } from "../errors.ts";
import { ansibleHosts } from "./ansible.ts";
import type { Found } from "./found.ts";
import { sshConfigHosts } from "./ssh-config.ts";
import { vagrantHosts } from "./vagrant.ts";

type Reading = {
  readonly cwd: string;
  /** Names of the hosts that are wanted; absent: all. */
  readonly only: readonly string[] | undefined;
  readonly signal: AbortSignal;
};

/**
 * Reads hosts from where `--from` points: `vagrant [FOLDER]`, `ssh-config [FILE]` or `ansible [INVENTORY]`. Throws INVENTORY errors, and REMOTE when a
 * program fails.
 */
export const hostsFrom = async (from: readonly string[], { cwd, only, signal }: Reading): Promise<Found> => {
  const [kind = "", path, ...more] = from;
  if (more.length > 0)
    throw new XhostError(
      "INVENTORY",
      `--from ${from.join(" ")}: takes one path; the inventory's own goes before it: xhost init FILE --from ${kind} PATH`,
    );
  const found = await read(kind, { path, cwd, only, signal });
  if (found.hosts.length === 0)
    throw new XhostError(
      "INVENTORY",
      `--from ${from.join(" ")}: names no host that can be taken over${kind === "ssh-config" ? " (Host lines with patterns do not count)" : ""}${reasons(found)}`,
    );
  return found;
};

const reasons = ({ leftOut }: Found): string => leftOut.map(({ name, why }) => `\n${name}: ${why}`).join("");

const read = (kind: string, { path, cwd, only, signal }: Reading & { path: string | undefined }): Promise<Found> => {
  if (kind === "vagrant") return vagrantHosts(resolve(cwd, path ?? "."), { only, signal });
  const usual = resolve(homedir(), ".ssh/config");
  const file = path === undefined ? usual : resolve(cwd, path);
  if (kind === "ssh-config") return sshConfigHosts({ file, isDefault: file === usual, only });
  if (kind === "ansible") return ansibleHosts({ path, cwd, only, signal });
  const known = "vagrant [FOLDER], ssh-config [FILE], ansible [INVENTORY]";
  throw new XhostError("INVENTORY", `--from ${kind}: is not known; hosts can be read from: ${known}`);
};
