import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { XhostError } from "../errors.ts";
import type { Found } from "./found.ts";
import { sshConfigHosts } from "./ssh-config.ts";

/** Vagrant asks its provider about every machine; 5 s are usual. */
const TIMEOUT = 120_000;

/**
 * The machines of a Vagrantfile's folder that are up, from `vagrant ssh-config`. All are to be asked for their address: ssh goes to
 * a port of this machine (VirtualBox) or to Vagrant's own network (libvirt). Throws REMOTE when Vagrant fails, else INVENTORY.
 */
export const vagrantHosts = async (
  folder: string,
  { only, signal }: { readonly only: readonly string[] | undefined; readonly signal: AbortSignal },
): Promise<Found> => {
  const text = await vagrantSshConfig(folder, signal);
  const work = await mkdtemp(join(tmpdir(), "xhost-init-"));
  try {
    const file = join(work, "ssh_config");
    await writeFile(file, text, { mode: 0o600 });
    const { hosts, leftOut } = await sshConfigHosts({ file, isDefault: false, only });
    return { hosts: hosts.map((host) => ({ ...host, isAsked: true })), leftOut };
  } finally {
    await rm(work, { recursive: true });
  }
};

const vagrantSshConfig = async (folder: string, signal: AbortSignal): Promise<string> => {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder)
    throw new XhostError("INVENTORY", `${folder}: is not a folder: --from vagrant takes that of the Vagrantfile`);
  const result = await execa("vagrant", ["ssh-config"], {
    cwd: folder,
    reject: false,
    stdin: "ignore",
    timeout: TIMEOUT,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (result.code === "ENOENT")
    throw new XhostError(
      "INVENTORY",
      "there is no program vagrant on PATH: install Vagrant, or use --from ssh-config FILE",
    );
  if (result.failed) {
    const said = `${result.stderr}\n${result.stdout}`.trim();
    throw new XhostError("REMOTE", `vagrant ssh-config in ${folder}: ${result.shortMessage}\n${said}`);
  }
  // Plugins print notices between the blocks; a block is a `Host` line and indented ones.
  const lines = result.stdout.split("\n").filter((line) => /^(Host |\s)/.test(line));
  return `${lines.join("\n")}\n`;
};
