#!/usr/bin/env node
import { readFileSync, realpathSync } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import type { Context, Finish } from "./commands/context.ts";
import type { Options } from "./commands/options.ts";
import { canRedraw, forTerminal, jsonText } from "./commands/terminal.ts";
import { XhostError, type ErrorCode } from "./errors.ts";
import type { Paint } from "./plan/format.ts";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`xhost needs Node 22.18 or newer, this is ${process.versions.node}\n`);
  process.exit(3);
}
// Everything else is loaded behind it: a third of the time of a short command goes into compiling. Node's own folder for it is in /tmp, where others could
// have put what is run then.
const { XDG_CACHE_HOME = join(homedir(), ".cache"), NODE_COMPILE_CACHE = join(XDG_CACHE_HOME, "xhost", "compiled") } =
  process.env;
module.enableCompileCache(NODE_COMPILE_CACHE);

const EXIT: Readonly<Record<ErrorCode, number>> = { INVENTORY: 3, UNREACHABLE: 4, REMOTE: 1, CONFLICT: 1 };
const INTERRUPTED = 130;

const ownPackage = fileURLToPath(new URL("../package.json", import.meta.url));
const { version } = JSON.parse(readFileSync(ownPackage, "utf8")) as { version: string };

// npm runs the script `xhost` of the checkout in the checkout; paths are meant from where the user is (npm-run(1), INIT_CWD).
const { INIT_CWD, npm_lifecycle_event, npm_package_json = "/" } = process.env;
if (INIT_CWD !== undefined && npm_lifecycle_event === "xhost" && realpathSync(npm_package_json) === ownPackage)
  process.chdir(INIT_CWD);

const interrupt = new AbortController();
let changed = "nothing was changed";
process.on("SIGINT", () => stop());
process.on("SIGTERM", () => stop());
process.on("SIGHUP", () => stop());

// `xhost ... | head`: that nobody reads any more is no failure, and whoever writes much is told by the write itself.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

/** The first signal lets running steps end; the second one does not wait. */
const stop = (): void => {
  if (interrupt.signal.aborted) process.exit(INTERRUPTED);
  // Wireshark ends an extcap program by a signal, and shows whatever that says on stderr as an error.
  if (process.argv[2] !== "extcap")
    process.stderr.write("\ninterrupted: finishing what has begun, once more to stop at once\n");
  interrupt.abort();
};

/** On stderr. */
const tell = (text: string): void => {
  process.stderr.write(`${forTerminal(text)}\n`);
};

const COLOURS = { "+": "green", "~": "yellow", "±": "magenta", "-": "red", host: "bold", command: "dim" } as const;

const contextOf = (options: Options): Context => {
  const env = { ...process.env };
  const isPlain = !options.color || env["NO_COLOR"] !== undefined;
  // listr2 asks only the environment, in which FORCE_COLOR has the last word (util.styleText)
  if (isPlain) {
    delete process.env["FORCE_COLOR"];
    process.env["NO_COLOR"] = "1";
  }
  const paint: Paint = (text, as) => (options.color ? styleText(COLOURS[as], text, { stream: process.stdout }) : text);
  return {
    cwd: process.cwd(),
    env,
    show: (text) => {
      if (options.json !== true) process.stdout.write(`${forTerminal(text)}\n`);
    },
    write: async (bytes) => {
      if (typeof bytes !== "string" && process.stdout.isTTY)
        throw new XhostError("INVENTORY", "packets are not for a terminal: write them to a file, or | tshark -r -");
      await new Promise<void>((resolve, reject) => {
        process.stdout.write(typeof bytes === "string" ? forTerminal(bytes) : bytes, (error) =>
          error ? reject(error) : resolve(),
        );
      });
    },
    note: (text) => {
      tell(text);
    },
    confirm,
    onChange: (told = "what was done stays, run again to complete it") => (changed = told),
    progress: {
      stderr: process.stderr,
      show: isPlain || !canRedraw(process.stderr) ? "lines" : "live",
      forks: options.forks ?? 1,
      signal: interrupt.signal,
    },
    timeout: options.timeout ?? 20,
    confirmTimeout: options.confirmTimeout ?? 60,
    verbose: options.verbose === true,
    paint,
  };
};

const confirm = async (question: string): Promise<boolean> => {
  if (!process.stdin.isTTY) throw new XhostError("INVENTORY", "there is no terminal to ask at: pass --yes to go ahead");
  const { createInterface } = await import("node:readline/promises");
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
    const outcome = await work(contextOf(options));
    const { text, errors = [], code } = outcome;
    // Asked for only where it is wanted: of hundreds of hosts it is much, and then made only now.
    if (options.json === true) process.stdout.write(`${jsonText(outcome.json)}\n`);
    else if (text !== "") process.stdout.write(`${forTerminal(text)}\n`);
    for (const { message } of errors) tell(message);
    process.exitCode = code;
  } catch (error) {
    process.exitCode = report(error, options);
  }
};

/** Prints a failure for whom it is meant and returns the exit code; a bug keeps its stack. */
const report = (error: unknown, { json, verbose }: Partial<Options>): number => {
  if (interrupt.signal.aborted) {
    const failed = error instanceof XhostError && isFailure(error) ? `${error.message}\n` : "";
    const told = `interrupted${failed === "" ? `: ${changed}` : ""}`;
    if (json === true) writeError("INTERRUPTED", told);
    tell(`${failed}${told}`);
    return INTERRUPTED;
  }
  const code = error instanceof XhostError ? error.code : "BUG";
  const message = error instanceof Error ? error.message : String(error);
  if (json === true) writeError(code, message);
  if (error instanceof XhostError) {
    tell(verbose === true ? `${message}\n${String(error.stack)}` : message);
    return EXIT[error.code];
  }
  tell(`this is a bug of xhost, please report it:\n${error instanceof Error ? String(error.stack) : message}`);
  return 1;
};

/** Connections are cut by the interrupt itself, and local programs get it too; what else failed was on the way back. */
const isFailure = ({ code }: XhostError): boolean => code === "REMOTE" || code === "CONFLICT";

/** With `--json` the document of a command that failed. */
const writeError = (code: ErrorCode | "BUG" | "INTERRUPTED", message: string): void => {
  process.stdout.write(`${jsonText({ error: { code, message } })}\n`);
};

/** Whether `--json` stands on a command line that could not be parsed. */
const asksForJson = (args: readonly string[]): boolean => {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes("--json");
};

/** What Node itself says of a program whose end nobody waits for any more (node(1), exit codes). */
const UNSETTLED = 13;

const main = async (): Promise<void> => {
  process.exitCode = UNSETTLED;
  const { CommanderError, program } = await import("./commands/program.ts");
  try {
    await program(version, finish).parseAsync();
    if (process.exitCode === UNSETTLED) process.exitCode = 0;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // --help and --version end with code 0; everything else is a wrong command line, which commander has explained.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.INVENTORY;
    if (error.exitCode !== 0 && asksForJson(process.argv))
      writeError(
        "INVENTORY",
        error.code === "commander.help" ? "no command is named" : error.message.replace(/^error: /, ""),
      );
  }
};

void main();
