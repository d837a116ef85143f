import type { z } from "zod";
import { XhostError } from "../errors.ts";

/**
 * What a program printed with `-j`; some print nothing where there is nothing. Throws a REMOTE XhostError that says the command and why,
 * and not the host: that is for `seenOn`.
 */
export const printed = <T>(schema: z.ZodType<T>, text: string, command: string): T => {
  if (text.trim() === "") return schema.parse([]);
  const error = (why: string, cause: unknown): XhostError =>
    new XhostError("REMOTE", `what \`${command}\` printed cannot be read: ${why}`, { cause });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw error(cause instanceof Error ? cause.message : String(cause), cause);
  }
  const { data, error: trouble } = schema.safeParse(json);
  if (trouble === undefined) return data;
  const [first] = trouble.issues;
  throw error(`${first?.path.join(".") ?? ""}: ${first?.message ?? trouble.message}`, trouble);
};

/** The outcome of `parse`, whose XhostErrors get the host that they are about. */
export const seenOn = <T>(host: string, parse: () => T): T => {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof XhostError) || error.host !== undefined) throw error;
    throw new XhostError(error.code, `look at the host: ${error.message}`, { host, cause: error });
  }
};
