import { execa } from "execa";
import { XhostError } from "../errors.ts";

/**
 * Words of a command line with quotes and backslashes, as xargs(1) splits them: like a shell, but nothing is expanded or run.
 * Throws an INVENTORY error for a quote without its end.
 */
export const words = async (text: string): Promise<readonly string[]> => {
  if (text.trim() === "") return [];
  const result = await execa("xargs", ["printf", "%s\\0"], { input: text, reject: false });
  if (result.failed)
    throw new XhostError("INVENTORY", `cannot be split into words: ${text}\n${result.stderr}`.trimEnd());
  return result.stdout.split("\0").slice(0, -1);
};
