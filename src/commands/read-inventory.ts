import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { XhostError } from "../errors.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { parseInventory } from "../inventory/parse.ts";
import type { Context } from "./context.ts";

/** Reads and checks the inventory file; INVENTORY errors name the file as the user wrote it. */
export const readInventory = async (file: string, { cwd, env }: Pick<Context, "cwd" | "env">): Promise<Inventory> => {
  const text = await readFile(resolve(cwd, file), "utf8").catch((cause: unknown) => {
    throw new XhostError("INVENTORY", `${file}: ${why(cause)}`, { cause });
  });
  return parseInventory(text, { file, env });
};

const why = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "is a folder: name the inventory file in it";
  if (code === "EACCES") return "may not be read by this user";
  return cause.message;
};
