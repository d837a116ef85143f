import { glob, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, resolve } from "node:path";
import { XhostError } from "../errors.ts";

/** ssh itself follows so many (readconf.c, READCONF_MAX_DEPTH). */
const MAX_DEPTH = 16;

/**
 * The names behind `Host` in an ssh_config(5) file and in what it includes, once each, in their order. Patterns are left out: they
 * stand for hosts that nobody can list. Throws an INVENTORY error when the file cannot be read.
 */
export const hostNames = async (file: string): Promise<readonly string[]> => {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new XhostError("INVENTORY", `${file}: cannot be read: ${(cause as Error).message}`, { cause });
  });
  return [...new Set(await namesIn(text, 0))];
};

const namesIn = async (text: string, depth: number): Promise<readonly string[]> => {
  const names: string[] = [];
  for (const { keyword, values } of directives(text)) {
    if (keyword === "host") names.push(...values.filter((value) => !/[*?!]/.test(value)));
    if (keyword === "include" && depth < MAX_DEPTH)
      for (const pattern of values) names.push(...(await namesIncluded(pattern, depth + 1)));
  }
  return names;
};

const namesIncluded = async (pattern: string, depth: number): Promise<readonly string[]> => {
  const files: string[] = [];
  for await (const file of glob(includePath(pattern))) files.push(file);
  const names: string[] = [];
  // as ssh does: a file that cannot be read is as good as none
  for (const file of files.sort()) names.push(...(await namesIn(await readFile(file, "utf8").catch(() => ""), depth)));
  return names;
};

/** Relative names are those of ~/.ssh, wherever the file is that includes them. */
const includePath = (pattern: string): string => {
  const path = pattern.replace(/^~(?=\/)/, homedir());
  return isAbsolute(path) ? path : resolve(homedir(), ".ssh", path);
};

type Directive = { readonly keyword: string; readonly values: readonly string[] };

/** `Host a "b c"`, `Host=a`, `host a # why`: a keyword and words, each perhaps in double quotes. */
const directives = (text: string): readonly Directive[] =>
  text.split("\n").flatMap((line) => {
    const [, keyword, rest] = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*)$/.exec(line) ?? [];
    if (keyword === undefined || rest === undefined) return [];
    const words = [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
    const comment = words.findIndex((word) => word.startsWith("#"));
    return [{ keyword: keyword.toLowerCase(), values: comment < 0 ? words : words.slice(0, comment) }];
  });
