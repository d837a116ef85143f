import { access, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { XhostError } from "../errors.ts";

/** A file that is to be made: checked at once, before anything that takes time, and written over nothing; for its user alone, since passwords
 * may be put into it. */
export type NewFile = { readonly path: string; readonly write: (text: string) => Promise<void> };

/** Throws an INVENTORY error when there is something of that name, then or when it is written. */
export const newFile = async (cwd: string, file: string): Promise<NewFile> => {
  const path = resolve(cwd, file);
  const taken = (): XhostError =>
    new XhostError("INVENTORY", `${file}: is there already and is left alone: name another file, or remove it`);
  const isTaken = await access(path).then(
    () => true,
    () => false,
  );
  if (isTaken) throw taken();
  const write = async (text: string): Promise<void> => {
    try {
      await writeFile(path, text, { flag: "wx", mode: 0o600 });
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") throw taken();
      throw new XhostError("INVENTORY", `${file}: cannot be written: ${(cause as Error).message}`, { cause });
    }
  };
  return { path, write };
};
