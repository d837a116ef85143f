import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { XhostError } from "../errors.ts";

/** A folder that is to be made: checked at once, before anything that takes time; nothing in it is written over. */
export type NewFolder = {
  readonly path: string;
  /** Texts by their paths in the folder; for the user alone, as on the hosts. */
  readonly write: (files: ReadonlyMap<string, string>) => Promise<void>;
};

/** Throws an INVENTORY error where there is something in it, or it is no folder, then or when it is written to. */
export const newFolder = async (cwd: string, folder: string): Promise<NewFolder> => {
  const path = resolve(cwd, folder);
  const there = await readdir(path).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw failed(folder, cause as NodeJS.ErrnoException);
  });
  if (there.length > 0)
    throw new XhostError("INVENTORY", `${folder}: is not empty and is left alone: name a new folder, or empty it`);
  const write = async (files: ReadonlyMap<string, string>): Promise<void> => {
    try {
      for (const [name, text] of files) {
        await mkdir(dirname(join(path, name)), { recursive: true, mode: 0o700 });
        await writeFile(join(path, name), text, { flag: "wx", mode: 0o600 });
      }
    } catch (cause) {
      throw failed(folder, cause as NodeJS.ErrnoException);
    }
  };
  return { path, write };
};

const failed = (folder: string, cause: NodeJS.ErrnoException): XhostError =>
  new XhostError("INVENTORY", `${folder}: cannot be written: ${cause.message}`, { cause });
