import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import pLimit from "p-limit";
import type { LabHost } from "./record.ts";
import { run } from "./run.ts";

/** Where a host keeps what is its own, below the lab's folder. */
export const hostFolder = (folder: string, host: string): string => `${folder}/hosts/${host}`;

/** The user's key pair, a host key for every host, and a known_hosts of them, so that nothing is trusted on first use. */
export const writeKeys = async (
  folder: string,
  hosts: readonly LabHost[],
  signal: AbortSignal | undefined,
): Promise<void> => {
  const limit = pLimit(8);
  const [, ...lines] = await Promise.all([
    limit(() => keyPair(`${folder}/id_ed25519`, "xhost-lab", signal)),
    ...hosts.map((host) => limit(() => knownHost(folder, host, signal))),
  ]);
  await writeFile(`${folder}/known_hosts`, lines.join(""));
  await chmod(`${folder}/id_ed25519`, 0o600);
};

const knownHost = async (folder: string, host: LabHost, signal: AbortSignal | undefined): Promise<string> => {
  const ssh = `${hostFolder(folder, host.name)}/files/ssh`;
  await mkdir(ssh, { recursive: true });
  const [type, key] = (await keyPair(`${ssh}/ssh_host_ed25519_key`, host.name, signal)).split(" ");
  return `${host.address} ${type ?? ""} ${key ?? ""}\n`;
};

const keyPair = async (path: string, comment: string, signal: AbortSignal | undefined): Promise<string> => {
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path], { signal });
  return await readFile(`${path}.pub`, "utf8");
};
