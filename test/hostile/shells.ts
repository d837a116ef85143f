import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";

/** Shells that may be the `sh` of a host, of those that are here: Debian's, everybody's and Alpine's. */
export const SHELLS = ["dash", "bash --posix", "bash", "busybox sh"].filter(
  (shell) => spawnSync("sh", ["-c", `${shell} -c :`]).status === 0,
);

/** What a script on the standard input of a shell prints, in a folder that must stay as it is. */
export const inShell = (
  shell: string,
  script: string,
  { cwd, args: more = [] }: { cwd: string; args?: readonly string[] },
): Buffer => {
  const [program = "", ...args] = shell.split(" ");
  const before = readdirSync(cwd).join("\n");
  const { stdout, stderr, status, error } = spawnSync(program, [...args, "-s", ...more], {
    cwd,
    input: script,
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", HOME: cwd },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program}: exit status ${status ?? ""}: ${stderr.toString()}`);
  const after = readdirSync(cwd).join("\n");
  if (before !== after) throw new Error(`${program}: there are other files now: ${after}`);
  return stdout;
};
