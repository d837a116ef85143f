// The hosts of the scale bench: namespaces on one switch, each with a real sshd; one engine and the shim that shares it.
import { once } from "node:events";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { addressOf, engineSocket, macOf, nameOf, pidFileOf } from "./scale-place.ts";
import { engineScript, hostScript, sshdConfig, switchScript } from "./scale-scripts.ts";
import type { Run } from "./scratch-lab.ts";

/** A lab that is up. Its processes end with `end`, and with this process whatever becomes of it; its namespaces end with them. */
export type ScaleLab = {
  /** The words before a program that runs where the operator is: on the switch. */
  readonly atSwitch: readonly string[];
  /**
   * The kernel has one neighbour table of 1024 entries for all hosts here, where each real host has its own. So what ARP would find is
   * written to `hosts` about `others`, in a way that does not count (extern_learn), while the ways between hosts are measured. ip(8) shows such
   * entries whatever state it is asked for, so xhost reads them until `part`.
   */
  readonly meet: (hosts: readonly number[], others: readonly number[]) => Promise<void>;
  /** Takes those away from hosts 1 to `count`. */
  readonly part: (count: number) => Promise<void>;
  /** Sums up what a shell command prints on hosts 1 to `count`, a number on each. */
  readonly sum: (count: number, command: string) => Promise<number>;
  readonly end: () => Promise<void>;
};

/** Starts a lab in an empty folder. */
export const scaleLab = async (folder: string, hosts: number, run: Run): Promise<ScaleLab> => {
  const all = Array.from({ length: hosts }, (_, i) => i + 1);
  await writeFiles(folder, all, run);
  const root = await startRoot();
  const atSwitch = ["nsenter", `--net=/proc/${root.pid}/ns/net`];
  const inside = [...atSwitch, `--mount=/proc/${root.pid}/ns/mnt`, `--pid=/proc/${root.pid}/ns/pid_for_children`];
  const shell = (script: string, ...args: readonly string[]): Promise<string> =>
    run([...inside, "sh", "-c", script, "sh", folder, ...args]);
  const background = (...command: readonly string[]): void => {
    const [program = "", ...args] = [...inside, ...command];
    execa(program, args, { stdio: "ignore", detached: true, cleanup: false, reject: false }).nodeChildProcess.unref();
  };
  try {
    await shell(switchScript);
    background("unshare", "--net", "--mount", "sh", "-c", engineScript, "sh", folder);
    await appears(engineSocket(folder));
    background(process.execPath, fileURLToPath(new URL("scale-shim.ts", import.meta.url)), folder, String(hosts));
    await appears(`${folder}/shim.ready`);
    await shell(START, ...all.map((i) => `${nameOf(i)} ${addressOf(i)} ${macOf(addressOf(i))}`));
    for (const i of all) await appears(pidFileOf(folder, i));
    await writeFile(`${folder}/cables`, all.flatMap(cableLines).join("\n"));
    await shell('ip -batch "$1/cables"');
  } catch (error) {
    await root.end();
    throw error;
  }
  return {
    atSwitch,
    meet: async (some, others) => {
      await writeFile(`${folder}/neighbours`, others.map(neighbourLine).join("\n"));
      await shell(`${each(some)} ip -force -batch "$1/neighbours" 2>/dev/null || true; done`);
    },
    part: async (count) => {
      await shell(`${each(all.slice(0, count))} ip neigh flush dev eth0; done`);
    },
    sum: async (count, command) => {
      const numbers = await shell(`${each(all.slice(0, count))} sh -c '${command}'; done`);
      return numbers.split("\n").reduce((sum, line) => sum + Number(line), 0);
    },
    end: root.end,
  };
};

/** The beginning of a loop over hosts, and of a command that runs in the namespaces of each. */
const each = (hosts: readonly number[]): string =>
  `for i in ${hosts.map(nameOf).join(" ")}; do nsenter --target "$(cat "$1/pids/$i")" --net --mount`;

const START = `folder=$1; shift; printf '%s\\n' "$@" | xargs -P 4 -L 1 unshare --net --mount sh "$folder/host.sh" "$folder"`;

// Both ends are known to each other from the start, so that nobody asks, and no question goes to all of them.
const cableLines = (host: number): readonly string[] => [
  `link set ${nameOf(host)} master br0 up`,
  `neigh add ${addressOf(host)} lladdr ${macOf(addressOf(host))} dev br0 nud permanent`,
];

const neighbourLine = (host: number): string =>
  `neigh add ${addressOf(host)} lladdr ${macOf(addressOf(host))} dev eth0 nud stale extern_learn`;

const writeFiles = async (folder: string, all: readonly number[], run: Run): Promise<void> => {
  for (const name of ["sockets", "pids"]) await mkdir(`${folder}/${name}`);
  for (const key of ["key", "host_key"])
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", `${folder}/${key}`]);
  const hostKey = await readFile(`${folder}/host_key.pub`, "utf8");
  await writeFile(`${folder}/known_hosts`, all.map((i) => `${addressOf(i)} ${hostKey}`).join(""));
  await writeFile(`${folder}/sshd_config`, sshdConfig(folder));
  await writeFile(`${folder}/host.sh`, hostScript);
};

/** A shell in fresh namespaces that lives as long as somebody holds its stdin: pid 1 of all that follows. */
const startRoot = async (): Promise<{ readonly pid: number; readonly end: () => Promise<void> }> => {
  const args = [
    "--pid",
    "--fork",
    "--kill-child",
    "--mount",
    "--mount-proc",
    "--net",
    "sh",
    "-c",
    "echo up; cat; true",
  ];
  const root = execa("unshare", args, { stderr: "inherit", buffer: false, detached: true, reject: false });
  await once(root.stdout, "data");
  const end = async (): Promise<void> => {
    root.stdin.end();
    await root;
  };
  return { pid: root.pid ?? 0, end };
};

const appears = async (path: string): Promise<void> => {
  for (let left = 600; left > 0; left--) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await sleep(50);
  }
  throw new Error(`${path} does not appear`);
};
