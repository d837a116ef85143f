// What the hook of count.mjs has seen of one run of xhost.
import { join } from "node:path";

/** For `node --import`; the file that XHOST_COUNTS names gets `Counts`. */
export const COUNT_HOOK = join(import.meta.dirname, "count.mjs");

/** Milliseconds since the process began; no end where nobody waited for it. */
type Timed = { readonly begin: number; readonly end?: number };

export type Counts = {
  /** Until the login is done. `channels`: those to Docker's socket. */
  readonly connections: readonly (Timed & {
    readonly commands: readonly (Timed & { readonly script: string })[];
    readonly channels: number;
  })[];
  readonly docker: readonly (Timed & { readonly call: string })[];
  /** With their arguments. */
  readonly programs: readonly string[];
  /** When the first connection began. */
  readonly loaded: number;
  readonly end: number;
};

/** By words that none of those below it has. */
const KINDS: readonly (readonly [kind: string, RegExp])[] = [
  ["lock", /flock -n 9/],
  ["look", /^section missing$/m],
  ["measure", /^echo E there is neither perl nor python3/m],
  ["check", /^speak\(\) \{$/m],
  ["change", /mv armed undoing/],
  ["confirm", /\/armed \S+\/confirmed/],
  ["boot", /\/up\.sh/],
];

/** What a command was for. */
export const kindOf = ({ script }: { readonly script: string }): string =>
  KINDS.find(([, words]) => words.test(script))?.[0] ?? "other";
