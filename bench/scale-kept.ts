// What the scale bench has measured, in a file: one size after the other, so that none is lost with the next.
import { access, constants, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { XhostError } from "../src/errors.ts";
import { WORKS, type Size } from "./scale-measure.ts";

const work = z.object({
  seconds: z.number(),
  machine: z.number(),
  usage: z.object({ user: z.number(), system: z.number(), programs: z.number(), memory: z.number() }).optional(),
});
const sizes: z.ZodType<readonly Size[]> = z.array(
  z.object({
    ...{ hosts: z.number(), routes: z.number(), ways: z.number(), pool: z.string(), versions: z.string() },
    works: z.record(z.enum(WORKS), work),
  }),
);

/** None where there is no such file yet. Throws an XhostError for a file that is something else, and for one that cannot be written. */
export const keptSizes = async (file: string, pool: string): Promise<readonly Size[]> => {
  const refuse = (why: string, cause?: unknown): XhostError =>
    new XhostError("INVENTORY", `${file}: ${why}`, { cause });
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw refuse("cannot be read", error);
  });
  const written = text === undefined ? dirname(resolve(file)) : file;
  await access(written, constants.W_OK).catch((error: unknown) => {
    throw refuse("cannot be written: give a file in a folder that is there", error);
  });
  if (text === undefined) return [];
  const kept = sizes.safeParse(json(text));
  if (!kept.success) throw refuse("is not what this bench:scale writes: give another file, or remove it", kept.error);
  const other = kept.data.find((size) => size.pool !== pool);
  if (other === undefined) return kept.data;
  throw refuse(`${other.hosts} hosts were measured with --pool ${other.pool}, not ${pool}: give that, or another file`);
};

export const keepSizes = (file: string, all: readonly Size[]): Promise<void> =>
  writeFile(file, `${JSON.stringify(all, null, 2)}\n`);

const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
