import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { vi } from "vitest";
import { namespaceOf } from "../../src/lab/names.ts";
import { CLI, type Run, type TestLab } from "./xhost.ts";

/** Every program that is started, with all of its arguments. */
const EXECVE = ["-f", "-qq", "-e", "trace=execve", "-s", "1000000"];

/** A run of xhost, and what strace(1) has seen started meanwhile by it, and by the sshd of each host and its descendants. */
export const traced = async (
  lab: TestLab,
  ...args: readonly string[]
): Promise<{ here: string; there: string } & Run> => {
  const [here, there] = [join(lab.folder, "here.strace"), join(lab.folder, "there.strace")];
  const pids = (await Promise.all(lab.lab.hosts.map(({ name }) => sshd(lab.lab.name, name)))).flat();
  const watching = execa("strace", [...EXECVE, "-o", there, ...pids.flatMap((pid) => ["-p", pid])], { reject: false });
  const tracers = () => Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, "utf8")));
  await vi.waitFor(
    async () => {
      if ((await tracers()).some((status) => /^TracerPid:\t0$/m.test(status))) throw new Error("not yet traced");
    },
    { timeout: 60_000 },
  );
  const command = [...EXECVE, "--seccomp-bpf", "-o", here, process.execPath, CLI, ...args];
  const {
    exitCode = -1,
    stdout,
    stderr,
  } = await execa("strace", command, { reject: false, stdin: "ignore", cwd: lab.folder });
  watching.kill("SIGINT");
  await watching;
  return { code: exitCode, stdout, stderr, here: await readFile(here, "utf8"), there: await readFile(there, "utf8") };
};

/** The process that listens on a host, by its number on this machine. */
const sshd = async (lab: string, host: string): Promise<readonly string[]> => {
  const script = `for p in $(ip netns pids "$1"); do test "$(cat /proc/$p/comm)" != sshd || echo $p; done`;
  const { stdout } = await execa("sh", ["-c", script, "sh", namespaceOf(lab, host)]);
  return stdout.split("\n").filter(Boolean);
};
