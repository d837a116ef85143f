import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { XhostError } from "../../errors.ts";
import { endAll } from "../end.ts";
import { hostLines } from "../fabric.ts";
import { hostFiles } from "../init.ts";
import { hostFolder } from "../keys.ts";
import { labImage, namespaceOf } from "../names.ts";
import type { LabHost, LabRecord } from "../record.ts";
import { hostEnvironment } from "../run.ts";
import { bootScript } from "./boot.ts";
import { runningGuests } from "./running.ts";
import { onGuest, sshFailed } from "./ssh.ts";

/** Seconds until a host has to answer; on an idle machine it takes fifteen, and more where many share a processor. */
const patience = 900;

/** Writes what the boot needs into the host's folder; `image` is the disk image that all hosts share. */
export const writeGuest = async (lab: LabRecord, host: LabHost, image: string | undefined): Promise<void> => {
  if (image === undefined) throw new Error("a guest starts from an image");
  const folder = hostFolder(lab.folder, host.name);
  const files: Readonly<Record<string, string>> = {
    ...hostFiles({ lab: lab.name, host, hosts: lab.hosts, lower: undefined }),
    network: `${hostLines(host).join("\n")}\n`,
  };
  for (const name of ["etc", "ssh"]) await mkdir(`${folder}/files/${name}`, { recursive: true });
  for (const [path, content] of Object.entries(files)) await writeFile(`${folder}/files/${path}`, content);
  await writeFile(`${folder}/boot`, bootScript(host));
  await symlink(image, `${folder}/image`);
};

/** Boots a host whose tap is there; returns its engine's version when ssh and Docker answer and it has the lab's image. */
export const startGuest = async (
  lab: LabRecord,
  host: LabHost,
  { image, signal }: { readonly image: string; readonly signal: AbortSignal | undefined },
): Promise<string> => {
  const folder = hostFolder(lab.folder, host.name);
  const enter = ["nsenter", `--net=/run/netns/${namespaceOf(lab.name)}`];
  const apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "boot", host.name];
  const { nodeChildProcess: box } = execa("sh", ["-c", 'exec "$@" >>console.log 2>&1', "sh", ...enter, ...apart], {
    cwd: folder,
    env: hostEnvironment,
    extendEnv: false,
    stdio: "ignore",
    detached: true,
    cleanup: false,
    reject: false,
  });
  box.unref();
  const end = performance.now() + patience * 1000;
  let said = "";
  while (performance.now() < end && box.exitCode === null && signal?.aborted !== true) {
    const { exitCode, stdout, stderr } = await onGuest(lab, host, ready, { input: image, signal });
    if (exitCode === 0) return stdout.trim();
    said = stderr;
    if (exitCode !== sshFailed) break;
    await setTimeout(300);
  }
  signal?.throwIfAborted();
  throw new XhostError("REMOTE", `the lab host did not come up\n${said}\n${await consoleTail(folder)}`, {
    host: host.name,
  });
};

/** Pulls the plug: the kernel and all of its processes end at once, the disk stays as it is. */
export const stopGuest = async ({ name }: LabRecord, host: LabHost): Promise<void> =>
  await endAll(async () => {
    const pid = (await runningGuests(name)).get(host.name);
    return pid === undefined ? [] : [pid];
  });

/** What the engine says of itself; undefined when that takes longer than a list should. */
export const guestVersion = async (lab: LabRecord, host: LabHost): Promise<string | undefined> => {
  const { exitCode, stdout } = await onGuest(lab, host, version, { timeout: 10_000 });
  return exitCode === 0 ? stdout.trim() : undefined;
};

const version = "docker version --format '{{.Server.Version}}'";

// the image's tar comes on stdin; what `docker import` is told is what the other kind of host has
const ready = `systemctl start docker.service &&
{ docker image inspect ${labImage} >/dev/null 2>&1 ||
  docker import --change 'CMD ["sleep","infinity"]' --change 'ENV PATH=/bin' - ${labImage} >/dev/null; } &&
${version}`;

const consoleTail = async (folder: string): Promise<string> => {
  const lines = (await readFile(`${folder}/console.log`, "utf8").catch(() => "")).trim().split("\n");
  return [`${folder}/console.log:`, ...lines.slice(-20)].join("\n");
};
