import { join } from "node:path";
import type { Readable } from "node:stream";
import { execa } from "execa";
import { CLI, type TestLab } from "../xhost.ts";

/** What Node loads first for it. */
export const HOOK = join(import.meta.dirname, "at.mjs");

/** What confirms a change, and what arms and makes one on h1 by plane route: whole scripts over SSH, as `at` meets them. */
export const CONFIRMATION = String.raw`mv \S+/armed \S+/confirmed`;
export const CHANGE_OF_H1 = String.raw`XHOST-UNDO[^]*via 10\.211\.55\.12 `;

/** A run of xhost to which something happens where it sends what matches `at`: a command is run before, or it is never sent (at.mjs). */
export type Hooked = { readonly at: string } & ({ readonly run: string } | { readonly hold: true });

/** Starts xhost with that. */
export const hooked = ({ folder }: TestLab, how: Hooked, ...args: readonly string[]) =>
  execa(process.execPath, ["--import", HOOK, CLI, ...args], {
    reject: false,
    stdin: "ignore",
    cwd: folder,
    env: { XHOST_AT: how.at, ...("run" in how ? { XHOST_RUN: how.run } : { XHOST_HOLD: "yes" }) },
  });

/** What of a program that runs it takes to hear what that says, and that it has ended. */
type Running = { readonly stderr: Readable } & PromiseLike<{ readonly stdout?: string; readonly stderr?: string }>;

/** Resolves when a running xhost has said a text so many times; rejects where it ends before. */
export const said = (run: Running, text: string, times = 1): Promise<void> =>
  new Promise((resolve, reject) => {
    let all = "";
    run.stderr.on("data", (chunk: Buffer) => {
      all += chunk.toString();
      if (all.split(text).length > times) resolve();
    });
    void run.then(({ stdout = "", stderr = "" }) => reject(new Error(`it ended: ${stdout}${stderr}`)));
  });
