import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, readFile } from "node:fs/promises";
import pLimit from "p-limit";
import { XhostError } from "../errors.ts";
import type { Host } from "./host.ts";
import { localChannel } from "./local-channel.ts";
import { run } from "./run.ts";
import type { Remote } from "./session.ts";
import { shell } from "./shell.ts";
import { stream } from "./stream.ts";

/** A part of this machine that plays a host, and the process that holds it; without Docker. */
export type LocalHost = Omit<Host, "docker"> & {
  /** Of the first process in it, as this machine counts. */
  readonly pid: number;
  /** From now on it stands for itself, also when xhost ends; `close` only lets go of it. */
  readonly keep: () => Promise<void>;
};

/**
 * The first process: it ends with its standard input, which is a pipe of xhost's, however xhost ends; and with it everything in there
 * (pid_namespaces(7)). /run is new because the names of network namespaces, and the sockets of daemons, are below it. A network
 * namespace begins with the values of the machine (kernel, ip-sysctl: devconf_inherit_init_net); a host, with Debian's.
 */
const INIT = [
  `mount --make-rprivate / && mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/netns /run/lock || exit 1`,
  `echo host >/proc/sys/kernel/hostname; ip link set lo up`,
  `echo 0 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 2 >/proc/sys/net/ipv4/conf/default/rp_filter`,
  `trap : INT HUP; echo ready; cat >/dev/null; test -e /run/keep && exec sleep infinity`,
].join("\n");

const NAMESPACES = ["--mount", "--uts", "--ipc", "--net", "--pid"];
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Seconds for each command. */
type Options = { readonly timeout: number };

/**
 * A host that is network, mount, process and name namespaces of its own on this machine, whose own it cannot touch. `close` ends it, unless it
 * is kept. Throws a REMOTE XhostError where this is no Linux, or not root.
 */
export const localHost = async (options: Options): Promise<LocalHost> => {
  if (process.platform !== "linux") throw failed(`needs Linux namespaces, and this is ${process.platform}`);
  if (process.geteuid?.() !== 0) throw failed("needs root: run it with sudo, or on a host of an inventory with --host");
  const holder = spawn("unshare", [...NAMESPACES, "--fork", "--kill-child", "sh", "-c", INIT], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { PATH },
  });
  let said = "";
  holder.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  holder.stdin.on("error", () => undefined);
  const ended = once(holder, "close").catch((cause: unknown) => void (said += String(cause)));
  const isReady = await Promise.race([once(holder.stdout, "data").then(() => true), ended.then(() => false)]);
  if (!isReady) throw failed(said.trim());
  const letGo = (): void => {
    for (const pipe of holder.stdio) pipe?.destroy();
    holder.unref();
  };
  let isKept = false;
  const host = hostIn(await firstProcess(holder), options);
  return {
    ...host,
    keep: async () => {
      await host.run("touch /run/keep", "keep the host");
      isKept = true;
    },
    close: async () => {
      if (isKept) letGo();
      else {
        holder.stdin.end();
        await ended;
      }
    },
  };
};

/** One that was kept, by its first process; undefined where that has ended. */
export const keptHost = async (
  pid: number,
  options: Options,
): Promise<(LocalHost & { end: () => void }) | undefined> => {
  // /run/keep is there in kept hosts alone: whoever has the number now is not taken for one.
  const isThere = await access(`/proc/${pid}/root/run/keep`).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  const nothing = (): Promise<void> => Promise.resolve();
  return { ...hostIn(pid, options), keep: nothing, close: nothing, end: () => void process.kill(pid, "SIGKILL") };
};

const hostIn = (pid: number, { timeout }: Options): Omit<LocalHost, "keep" | "close"> => {
  const args = ["-i", `PATH=${PATH}`, "HOME=/root", "nsenter", `--target=${pid}`, ...NAMESPACES, "--", "sh", "-c"];
  const remote: Remote = {
    name: "local",
    become: "none",
    timeout,
    sessions: pLimit(4),
    connection: {
      config: { user: "root", hostname: "local", port: 0 },
      lost: () => undefined,
      client: {
        exec: (command, callback) =>
          void localChannel("env", [...args, command]).then(
            (channel) => callback(undefined, channel),
            // The program `env` could not be started; there is no channel then.
            (cause: unknown) => callback(cause as Error, undefined as never),
          ),
      },
    },
  };
  return {
    name: "local",
    target: "namespaces of this machine",
    hostname: "local",
    jumps: [],
    pid,
    run: (script, what, shown) => run(remote, script, what, shown),
    shell: (what) => shell(remote, what),
    stream: (script, what) => stream(remote, script, what),
  };
};

/** Of `unshare --fork`: its only child (proc(5), /proc/PID/task/TID/children). */
const firstProcess = async ({ pid = 0 }: ChildProcess): Promise<number> =>
  Number((await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim());

const failed = (why: string): XhostError => new XhostError("REMOTE", `a host on this machine: ${why}`);
