import { randomBytes } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { XhostError } from "../errors.ts";
import { knownHostLine, parseKnownHosts, verdict, type KnownHost } from "./known-hosts.ts";

/** Reads and extends known_hosts files; each file is read once, and what is added is seen by everybody at once. */
export type KnownHostsFiles = {
  readonly entries: (files: readonly string[]) => Promise<readonly KnownHost[]>;
  readonly add: (file: string, line: NewHost) => Promise<void>;
};

type NewHost = { readonly name: string; readonly key: Buffer; readonly hashed: boolean };

/** Writes one after the other, so that a hundred new hosts make a hundred whole lines. */
export const knownHostsFiles = (): KnownHostsFiles => {
  const files = new Map<string, Promise<Known>>();
  let writing: Promise<void> = Promise.resolve();

  const known = (file: string): Promise<Known> => {
    const found = files.get(file) ?? readText(file).then((text) => knownIn(file, text));
    files.set(file, found);
    return found;
  };
  const append = async (file: string, { name, key, hashed }: NewHost): Promise<void> => {
    const { text: before, entries } = await known(file);
    if (verdict(entries, name, key).kind === "trusted") return;
    const line = knownHostLine(name, key, hashed ? randomBytes(20) : undefined);
    const addition = before === "" || before.endsWith("\n") ? line : `\n${line}`;
    // Modes as ssh(1) makes them; an existing file or folder keeps its own.
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await appendFile(file, addition, { mode: 0o600 });
    files.set(file, Promise.resolve(knownIn(file, before + addition)));
  };
  return {
    entries: async (all) => (await Promise.all(all.map(async (file) => (await known(file)).entries))).flat(),
    add: (file, line) => {
      const written = writing.then(() => append(file, line));
      writing = written.catch(() => undefined);
      return written;
    },
  };
};

/** A file and what it says: parsed once, however many hosts ask. */
type Known = { readonly text: string; readonly entries: readonly KnownHost[] };

const knownIn = (file: string, text: string): Known => ({ text, entries: parseKnownHosts(text, file) });

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (isMissing(cause)) return "";
    throw new XhostError("UNREACHABLE", `known hosts cannot be read: ${(cause as Error).message}`, { cause });
  }
};

const isMissing = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR");
