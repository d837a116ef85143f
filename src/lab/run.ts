import { execa, ExecaError } from "execa";
import { XhostError } from "../errors.ts";

/** What the lab's own programs get: the caller's proxies, locale and options must not leak into hosts. */
export const hostEnvironment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
} as const;

/**
 * Runs a program of the machine to its end and returns stdout; a failure names the command and what it said. One that `signal` has
 * ended throws the signal's reason: an interrupt is no failure of the program that it happens to meet.
 */
export const run = async (
  program: string,
  args: readonly string[],
  options: { readonly input?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<string> => {
  const { input, signal } = options;
  try {
    const { stdout } = await execa(program, args, {
      ...(input === undefined ? { stdin: "ignore" } : { input }),
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    });
    return stdout;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    signal?.throwIfAborted();
    const { escapedCommand, exitCode, stderr } = error as ExecaError<{ encoding: "utf8" }>;
    const how = exitCode === undefined ? "failed" : `failed with exit code ${exitCode}`;
    const lines = [`lab: ${program} ${how}`, escapedCommand, ...(stderr === "" ? [] : [stderr])];
    throw new XhostError("REMOTE", lines.join("\n"), { cause: error });
  }
};
