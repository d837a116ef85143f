import { InvalidArgumentError, Option, type Command } from "commander";

/** Options that every command takes, as commander gives them. */
export type Options = {
  readonly limit?: readonly string[];
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly color: boolean;
  readonly forks?: number;
  readonly timeout?: number;
  readonly confirmTimeout?: number;
};

/** A number of things; commander explains what is wrong with anything else. */
export const positive = (value: string): number => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("should be a whole number above zero");
  return number;
};

/** Names of hosts with commas between them, and perhaps blanks. */
export const names = (value: string): readonly string[] => {
  const list = value
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (list.length === 0) throw new InvalidArgumentError("names no host");
  return list;
};

/** The words of a command that is passed on; a `--` before it only ends the options, and commander leaves it in. */
export const commandWords = (word: string, before: readonly string[] | undefined): readonly string[] =>
  word === "--" && before === undefined ? [] : [...(before ?? []), word];

/**
 * Whether the command line may be about the command of that name: it stands somewhere on it. What is below a command that cannot be meant is not put together, since commander takes
 * 8 ms for all of it.
 */
export const isNamed = (name: string): boolean => process.argv.includes(name, 2);

/** Adds the options of every command. */
export const common = (command: Command): Command =>
  command
    .option("--json", "one JSON document on stdout; everything else on stderr")
    .option("-v, --verbose", "exact commands also where a summary would do, stacks of errors")
    .option("--no-color", "no colours (NO_COLOR works too)");

/** Adds what the commands on an inventory share. */
export const onInventory = (command: Command): Command => onHosts(command.argument("<inventory>", "inventory file"));

/** Adds what the commands share that reach hosts. */
export const onHosts = (command: Command): Command =>
  withTimeout(
    common(command)
      .addOption(new Option("--limit <hosts>", "only these hosts, separated by commas").argParser(names))
      .addOption(new Option("--forks <n>", "hosts at a time").argParser(positive).default(64)),
  );

/** Adds how long a host is waited for. */
export const withTimeout = (command: Command): Command =>
  command.addOption(
    new Option("--timeout <s>", "seconds for a connection, and for a command on a host")
      .argParser(positive)
      .default(20),
  );

/** Adds how long a change waits for its confirmation. */
export const withConfirm = (command: Command): Command =>
  command.addOption(
    new Option(
      "--confirm-timeout <s>",
      "seconds after which a host that cannot be reached any more takes its change back",
    )
      .argParser(positive)
      .default(60),
  );
