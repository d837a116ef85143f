import { access, mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { execa } from "execa";
import { XhostError } from "../errors.ts";
import { run } from "./run.ts";

/** Debian's own key; checked before a root is built since mmdebstrap's complaint does not name the package. */
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

const packages =
  "docker.io,iptables,nftables,iproute2,openssh-server,iputils-ping,tcpdump,netcat-openbsd,procps,kmod,ca-certificates,sudo,bash,util-linux";

// what the line beside a root names
const shown = "docker.io containerd runc iptables nftables openssh-server";

/** Outside any checkout, shared by all labs of the user. */
const cacheFolder = (): string =>
  `${process.env["XHOST_CACHE"] ?? `${process.env["XDG_CACHE_HOME"] ?? `${homedir()}/.cache`}/xhost`}/rootfs`;

/**
 * The root file system of a Debian suite with its Docker, built at the first use (a minute, 400 MB). It is built under another
 * name and moved when whole; flock(1) keeps a second build waiting, and lets go when a build is killed.
 */
export const suiteRoot = async (
  suite: string,
  options: { readonly onProgress: (line: string) => void; readonly signal: AbortSignal | undefined },
): Promise<string> => {
  const root = `${cacheFolder()}/debian-${suite}`;
  if (await exists(root)) return root;
  if (!(await exists(keyring)))
    throw new XhostError("REMOTE", `lab: ${keyring} is missing: it is in package debian-archive-keyring`);
  const mirror = await debianMirror();
  options.onProgress(`building the root file system of Debian ${suite} from ${mirror}, about a minute`);
  await mkdir(cacheFolder(), { recursive: true });
  await build(["flock", `${root}.lock`, ...apart, "sh", "-c", buildScript, "sh", root, suite, mirror], options.signal);
  options.onProgress((await readFile(`${root}.versions`, "utf8")).trim());
  return root;
};

// mmdebstrap mounts /proc, /sys and /dev/shm in the root and, killed, would leave them to the machine
const apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

const buildScript = `[ -d "$1" ] && exit 0
umask 022
rm -rf --one-file-system "$1.part" && mmdebstrap --mode=root --variant=minbase --skip=check/empty --include=${packages} \\
  --aptopt='Acquire::Check-Valid-Until "false"' \\
  --customize-hook='[ -x "$1/usr/bin/docker" ] || chroot "$1" apt-get install --yes --no-install-recommends docker-cli' \\
  "$2" "$1.part" "deb [signed-by=${keyring}] $3 $2 main" &&
  dpkg-query --admindir="$1.part/var/lib/dpkg" -W -f '\${Package} \${Version}\n' ${shown} | paste -sd ' ' >"$1.versions" &&
  mv "$1.part" "$1"`;

// a process group of its own, so that an interrupt ends all of it and not only flock; unshare(1) holds other signals back
const build = async ([program, ...args]: readonly [string, ...string[]], signal: AbortSignal | undefined) => {
  const building = execa(program, args, { stdin: "ignore", all: true, detached: true, reject: false });
  const interrupt = () => {
    if (building.pid !== undefined) process.kill(-building.pid, "SIGKILL");
  };
  signal?.addEventListener("abort", interrupt, { once: true });
  const { exitCode, all } = await building;
  signal?.removeEventListener("abort", interrupt);
  signal?.throwIfAborted();
  if (exitCode !== 0)
    throw new XhostError("REMOTE", `building a root file system failed\n${all.split("\n").slice(-20).join("\n")}`);
};

// the machine's own apt knows which mirror is near; security and updates suites have another label or path
const debianMirror = async (): Promise<string> => {
  const targets = await run("apt-get", [
    "indextargets",
    "--format",
    "$(SITE)\t$(LABEL)\t$(COMPONENT)",
    "Created-By: Packages",
  ]);
  const [site] =
    targets
      .split("\n")
      .map((line) => line.split("\t"))
      .find(([, label, part]) => label === "Debian" && part === "main") ?? [];
  if (site === undefined)
    throw new XhostError("REMOTE", "lab: apt has no Debian mirror among its sources (apt-get update?)");
  return site;
};

const exists = async (path: string) =>
  await access(path).then(
    () => true,
    () => false,
  );
