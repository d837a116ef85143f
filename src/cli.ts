#!/usr/bin/env node
import { readFileSync } from "node:fs";
import module from "node:module";
import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";
import type { Context, Finish } from "./commands/context.ts";
import type { Options } from "./commands/options.ts";
import { XhostError, type ErrorCode } from "./errors.ts";
import type { Paint } from "./plan/format.ts";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`xhost needs Node 22.18 or newer, this is ${process.versions.node}\n`);
  process.exit(3);
}
// Everything else is loaded behind it: a third of the time of a short command goes into compiling.
module.enableCompileCache();
const { CommanderError, program } = await import("./commands/program.ts");

const EXIT: Readonly<Record<ErrorCode, number>> = { INVENTORY: 3, UNREACHABLE: 4, REMOTE: 1, CONFLICT: 1 };
const INTERRUPTED = 130;

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const interrupt = new AbortController();
process.on("SIGINT", () => stop());
process.on("SIGTERM", () => stop());
process.on("SIGHUP", () => stop());

/** The first signal lets running steps end; the second one does not wait. */
const stop = (): void => {
  if (interrupt.signal.aborted) process.exit(INTERRUPTED);
  process.stderr.write("\ninterrupted: finishing what has begun, once more to stop at once\n");
  interrupt.abort();
};

const COLOURS = { "+": "green", "~": "yellow", "±": "magenta", "-": "red", host: "bold", command: "dim" } as const;

const contextOf = (options: Options): Context => {
  const live = process.stderr.isTTY && options.color && process.env["NO_COLOR"] === undefined;
  const paint: Paint = (text, as) => (options.color ? styleText(COLOURS[as], text, { stream: process.stdout }) : text);
  return {
    cwd: process.cwd(),
    env: process.env,
    show: (text) => {
      if (options.json !== true) process.stdout.write(`${text}\n`);
    },
    note: (text) => {
      process.stderr.write(`${text}\n`);
    },
    confirm,
    progress: {
      stderr: process.stderr,
      show: live ? "live" : "lines",
      forks: options.forks ?? 1,
      signal: interrupt.signal,
    },
    timeout: options.timeout ?? 20,
    verbose: options.verbose === true,
    paint,
  };
};

const confirm = async (question: string): Promise<boolean> => {
  if (!process.stdin.isTTY) throw new XhostError("INVENTORY", "there is no terminal to ask at: pass --yes to go ahead");
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // In raw mode Ctrl-C is a key and no signal; Ctrl-D, the end of the input, is a no.
  prompt.on("SIGINT", () => interrupt.abort());
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `, { signal: interrupt.signal })).trim());
  } catch (error) {
    if (interrupt.signal.aborted || !(error instanceof Error) || error.name !== "AbortError") throw error;
    process.stderr.write("\n");
    return false;
  } finally {
    prompt.close();
  }
};

const finish: Finish = async (options, work) => {
  try {
    const { text, errors = [], json, code } = await work(contextOf(options));
    if (options.json === true) process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
    else if (text !== "") process.stdout.write(`${text}\n`);
    for (const { message } of errors) process.stderr.write(`${message}\n`);
    process.exitCode = code;
  } catch (error) {
    process.exitCode = report(error, options);
  }
};

/** Prints a failure for whom it is meant and returns the exit code; a bug keeps its stack. */
const report = (error: unknown, { json, verbose }: Partial<Options>): number => {
  if (interrupt.signal.aborted) {
    process.stderr.write("interrupted: what was done stays, run again to complete it\n");
    return INTERRUPTED;
  }
  const code = error instanceof XhostError ? error.code : "BUG";
  const message = error instanceof Error ? error.message : String(error);
  if (json === true) process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  if (error instanceof XhostError) {
    process.stderr.write(`${verbose === true ? `${message}\n${String(error.stack)}` : message}\n`);
    return EXIT[error.code];
  }
  process.stderr.write(
    `this is a bug of xhost, please report it:\n${error instanceof Error ? String(error.stack) : message}\n`,
  );
  return 1;
};

try {
  await program(version, finish).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // --help and --version end with code 0; everything else is a wrong command line, which commander has explained.
  process.exitCode = error.exitCode === 0 ? 0 : EXIT.INVENTORY;
}
