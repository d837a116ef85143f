#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";
import { Command, CommanderError, Option } from "commander";
import type { Context, Outcome, Target } from "./commands/context.ts";
import { deploy } from "./commands/deploy.ts";
import { destroy } from "./commands/destroy.ts";
import * as lab from "./commands/lab.ts";
import { common, onInventory, positive, type Options } from "./commands/options.ts";
import { plan } from "./commands/plan.ts";
import { status } from "./commands/status.ts";
import { validate } from "./commands/validate.ts";
import { XhostError, type ErrorCode } from "./errors.ts";
import type { Paint } from "./plan/format.ts";

const EXIT: Readonly<Record<ErrorCode, number>> = { INVENTORY: 3, UNREACHABLE: 4, REMOTE: 1, CONFLICT: 1 };
const INTERRUPTED = 130;

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const interrupt = new AbortController();
process.on("SIGINT", () => stop());
process.on("SIGTERM", () => stop());

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
      forks: options.forks,
      signal: interrupt.signal,
    },
    timeout: options.timeout,
    verbose: options.verbose === true,
    paint,
  };
};

const confirm = async (question: string): Promise<boolean> => {
  if (!process.stdin.isTTY) throw new XhostError("INVENTORY", "there is no terminal to ask at: pass --yes to go ahead");
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `, { signal: interrupt.signal })).trim());
  } finally {
    prompt.close();
  }
};

const finish = async (options: Options, work: (context: Context) => Promise<Outcome>): Promise<void> => {
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

const target = (inventory: string, { limit }: Options): Target => ({ inventory, limit });

const program = new Command("xhost")
  .description("Container networking across plain Docker hosts, over SSH, without agents or a key-value store")
  .version(version)
  .enablePositionalOptions()
  .exitOverride();

common(
  program.command("validate").description("check the inventory file alone").argument("<inventory>", "inventory file"),
).action((inventory: string, options: Options) => finish(options, (context) => validate(inventory, context)));
onInventory(program.command("plan").description("show what would change, with the exact commands; change nothing"))
  .option("--detailed-exitcode", "exit with 2 when there are changes")
  .option("--i-know", "allow `firewall: flush` where the INPUT policy is DROP")
  .action((inventory: string, options: Options & { detailedExitcode?: boolean; iKnow?: boolean }) =>
    finish(options, (context) =>
      plan(target(inventory, options), context, {
        detailedExitcode: options.detailedExitcode === true,
        iKnow: options.iKnow === true,
      }),
    ),
  );
onInventory(program.command("deploy").description("plan, ask, apply, and check connectivity with packets"))
  .option("-y, --yes", "do not ask")
  .option("--i-know", "allow `firewall: flush` where the INPUT policy is DROP")
  .action((inventory: string, options: Options & { yes?: boolean; iKnow?: boolean }) =>
    finish(options, (context) =>
      deploy(target(inventory, options), context, { yes: options.yes === true, iKnow: options.iKnow === true }),
    ),
  );
onInventory(program.command("status").description("hosts, networks, containers, links and drift")).action(
  (inventory: string, options: Options) => finish(options, (context) => status(target(inventory, options), context)),
);
onInventory(program.command("destroy").description("remove everything the inventory's name owns, and nothing else"))
  .option("-y, --yes", "do not ask")
  .option("--volumes", "remove named volumes too, with their data")
  .action((inventory: string, options: Options & { yes?: boolean; volumes?: boolean }) =>
    finish(options, (context) =>
      destroy(target(inventory, options), context, { yes: options.yes === true, volumes: options.volumes === true }),
    ),
  );

const labs = program
  .command("lab")
  .description("Docker hosts made of network namespaces on this Linux machine")
  .enablePositionalOptions();
common(labs.command("up").description("bring a lab up").argument("[name]", "name of the lab", "lab"))
  .addOption(new Option("--hosts <n>", "how many hosts").argParser(positive).default(2))
  .option(
    "--engine <suites>",
    "Docker of a Debian suite: bookworm (20.10), trixie (26.1), sid (28.5); a list is dealt in turn",
  )
  .option("--install", "install missing programs with apt-get")
  .action((name: string, options: Options & { hosts: number; engine?: string; install?: boolean }) =>
    finish(options, (context) =>
      lab.up(name, { hosts: options.hosts, engine: options.engine, install: options.install === true }, context),
    ),
  );
common(labs.command("down").description("take a lab away").argument("[name]", "name of the lab", "lab")).action(
  (name: string, options: Options) => finish(options, () => lab.down(name)),
);
common(labs.command("list").description("the labs of this machine")).action((options: Options) =>
  finish(options, () => lab.list()),
);
common(labs.command("exec").description("run a command on a host of a lab, or on its switch (host `fabric`)"))
  .argument("<name>", "name of the lab")
  .argument("<host>", "host, or fabric")
  .argument("<command...>", "the command")
  .passThroughOptions()
  .action((name: string, host: string, command: string[], options: Options) =>
    finish(options, () => lab.exec(name, host, command, options.json === true)),
  );
for (const on of [true, false])
  common(labs.command(on ? "start" : "stop").description(on ? "boot a host that was stopped" : "switch a host off"))
    .argument("<name>", "name of the lab")
    .argument("<host>", "host")
    .action((name: string, host: string, options: Options) =>
      finish(options, (context) => lab.power(name, host, on, context)),
    );

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // --help and --version end with code 0; everything else is a wrong command line, which commander has explained.
  process.exitCode = error.exitCode === 0 ? 0 : EXIT.INVENTORY;
}
