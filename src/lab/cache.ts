import { access, mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { execa } from "execa";
import { XhostError } from "../errors.ts";

/** How a thing in the cache is made. `script`: its last lines, run by `sh`; they make `$part`, and may use `$2` and on. */
export type Recipe = {
  readonly script: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal | undefined;
};

/** Outside any checkout, shared by all labs of the user. */
export const cacheFolder = (): string =>
  `${process.env["XHOST_CACHE"] ?? `${process.env["XDG_CACHE_HOME"] ?? `${homedir()}/.cache`}/xhost`}/rootfs`;

/**
 * Makes a file or folder of the cache, unless somebody else just did. It is built under another name and moved when whole, or removed;
 * flock(1) on the folder, so that no file stays of it, keeps a second build waiting, and lets go when a build is killed.
 */
export const build = async (path: string, { script, args, signal }: Recipe): Promise<void> => {
  const folder = cacheFolder();
  await mkdir(folder, { recursive: true });
  try {
    await inGroup(["flock", folder, ...apart, "sh", "-c", `${before}\n${script}\n${after}`, "sh", path, ...args], {
      signal,
    });
  } catch (error) {
    // Where another build has the lock it has removed this by itself.
    const remove = ["rm", "-rf", "--one-file-system", `${path}.part`, `${path}.versions`];
    await execa("flock", ["--nonblock", folder, "sh", "-c", '[ -e "$0" ] || exec "$@"', path, ...remove], {
      reject: false,
    });
    throw error;
  }
};

/** True when something is at that path. */
export const exists = async (path: string): Promise<boolean> =>
  await access(path).then(
    () => true,
    () => false,
  );

// mmdebstrap mounts /proc, /sys and /dev/shm in the root and, killed, would leave them to the machine
const apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

const before = `[ -e "$1" ] && exit 0
set -eu
umask 022
part=$1.part
rm -rf --one-file-system "$part"`;

const after = `mv "$part" "$1"`;

// a process group of its own, so that an interrupt ends all of it and not only flock; unshare(1) holds other signals back
const inGroup = async (
  [program, ...args]: readonly [string, ...string[]],
  { signal }: { readonly signal: AbortSignal | undefined },
) => {
  const building = execa(program, args, {
    stdin: "ignore",
    all: true,
    detached: true,
    reject: false,
    env: { LC_ALL: "C.UTF-8" },
  });
  const interrupt = () => {
    if (building.pid !== undefined) process.kill(-building.pid, "SIGKILL");
  };
  signal?.addEventListener("abort", interrupt, { once: true });
  const { exitCode, all } = await building;
  signal?.removeEventListener("abort", interrupt);
  signal?.throwIfAborted();
  if (exitCode !== 0)
    throw new XhostError(
      "REMOTE",
      `building a root file system failed; nothing is left of it\n${all.split("\n").slice(-20).join("\n")}`,
    );
};
