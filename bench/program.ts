// The command lines of the benches: --help, and everything that can be wrong is told before the first minute is spent.
import { Command, InvalidArgumentError } from "commander";
import { XhostError } from "../src/errors.ts";

/** A command line that takes options alone; commander says what is wrong in a line and ends with exit code 1. `script` as npm knows it. */
export const program = (script: string, about: string): Command =>
  new Command(`npm run ${script} --`)
    .description(about)
    .allowExcessArguments(false)
    .showHelpAfterError("(--help tells the options)");

/** Reads a whole number from `least` to `most`. */
export const whole =
  (least: number, most = 1000) =>
  (text: string): number => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most)
      throw new InvalidArgumentError(`should be a whole number from ${least} to ${most}`);
    return number;
  };

/** The same with commas between them: in order, each once. */
export const wholes =
  (least: number, most: number) =>
  (text: string): readonly number[] => {
    const all = new Set(text.split(",").map((each) => whole(least, most)(each.trim())));
    return [...all].sort((a, b) => a - b);
  };

/** Runs it; what the user can put right is told without a stack. */
export const expected = async (work: () => Promise<number>): Promise<void> => {
  try {
    process.exitCode = await work();
  } catch (error) {
    if (!(error instanceof XhostError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
};
