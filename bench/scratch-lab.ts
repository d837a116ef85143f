// A lab for one run of a script: in a folder of its own, and gone afterwards, whatever happens in between.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { execa, type Options } from "execa";

/**
 * Runs a program in the lab's folder and returns its stdout. `show` sends stderr, or both outputs, to the terminal instead,
 * and with them the reason why the program fails; without, the error has it.
 */
export type Run = (command: readonly string[], options?: RunOptions) => Promise<string>;
type RunOptions = { readonly show?: "both" | "stderr"; readonly env?: Options["env"] };

/** The lab's name, its folder, and a way to run programs there that an interrupt ends. */
export type ScratchLab = { readonly name: string; readonly folder: string; readonly run: Run };

/** The command line of this checkout, on the Node that runs the script. */
export const fromSource: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL("../src/cli.ts", import.meta.url)),
];

/** Gives `use` a name and an empty folder, takes a lab of that name down in the end, and returns the exit code. */
export const withScratchLab = async (prefix: string, use: (lab: ScratchLab) => Promise<void>): Promise<number> => {
  const name = `${prefix}-${process.pid}`;
  const folder = await mkdtemp(`${tmpdir()}/xhost-${prefix}-`);
  const { run, isInterrupted, cleaning, end } = runner(folder);
  let code = 0;
  try {
    await use({ name, folder, run });
  } catch (error) {
    code = isInterrupted() ? 130 : 1;
    if (!isInterrupted()) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
  cleaning();
  try {
    await takeDown(name, run);
    await rm(folder, { recursive: true });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nit is still there: ${folder}\n`);
    return 1;
  } finally {
    end();
  }
  return code;
};

const takeDown = async (name: string, run: Run): Promise<void> => {
  const labs = JSON.parse(await run([...fromSource, "lab", "list", "--json"])) as readonly { readonly name: string }[];
  if (labs.some((lab) => lab.name === name)) await run([...fromSource, "lab", "down", name]);
};

/**
 * Programs run in a session of their own, so that Ctrl-C reaches this process alone, which passes it on once, to all of that session as a terminal would, and waits: xhost
 * takes a second one as "do not clean up". An interrupt while the lab is taken away is only answered.
 */
const runner = (cwd: string) => {
  const running = new Set<number>();
  let isInterrupted = false;
  let isCleaning = false;
  const interrupt = (): void => {
    process.stderr.write("\ninterrupted: the lab is being taken away, a moment\n");
    if (isCleaning || isInterrupted) return;
    isInterrupted = true;
    for (const pid of running) process.kill(-pid, "SIGINT");
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const ignore = (): void => undefined;
  for (const signal of signals) process.on(signal, interrupt);
  // A terminal or a reader (`| head`) that has gone must not keep the lab from being taken away.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignore);
  const end = (): void => {
    for (const signal of signals) process.off(signal, interrupt);
    for (const stream of [process.stdout, process.stderr]) stream.off("error", ignore);
  };
  const stopped = (): boolean => isInterrupted && !isCleaning;
  const run: Run = async ([program = "", ...args], { show, env = {} } = {}) => {
    if (stopped()) throw new Error("interrupted");
    const child = execa(program, args, {
      ...{ cwd, env, detached: true, reject: false, stdin: "ignore" },
      stdout: show === "both" ? "inherit" : "pipe",
      stderr: show === undefined ? "pipe" : "inherit",
    });
    const { pid } = child;
    if (pid !== undefined) running.add(pid);
    const { failed, exitCode, shortMessage, stdout, stderr } = await child;
    if (pid !== undefined) running.delete(pid);
    if (stopped()) throw new Error("interrupted");
    if (failed && show !== undefined) throw new Error(`it ended with exit code ${exitCode ?? "none"}`);
    if (failed) throw new Error([shortMessage, stdout, stderr].filter((text) => text).join("\n"));
    return stdout ?? "";
  };
  return { run, isInterrupted: () => isInterrupted, cleaning: () => void (isCleaning = true), end };
};
