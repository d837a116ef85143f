import { quote } from "../ssh/quote.ts";
import type { Step } from "./build.ts";
import { STEPS } from "./guard.ts";

/**
 * Shell text that takes back the steps that were begun, the last first; `file` has their number, which is written before each. It may run
 * twice, and after any of them: what is not there any more is no failure. Runs in the scenario's folder on the host. `told`: what fails is
 * printed, a line each.
 */
export const undoScript = (steps: readonly Step[], file: string, failures: "told" | "silent" = "silent"): string =>
  [
    `begun=$(cat ${file} 2>/dev/null || echo 0)`,
    ...steps
      .map(({ undo, until }, i) => {
        if (undo === undefined) return "";
        // In a shell of its own, with an end: whatever a file has in it, the rest is taken back too.
        const run = `timeout 20 sh -c ${quote(undo)} 8>&-`;
        const isBegun = `test $begun -lt ${i + 1}${until === undefined ? "" : ` || test $begun -gt ${i + 1 + until}`}`;
        return failures === "told"
          ? `${isBegun} || { said=$(${run} 2>&1) || echo ${quote(undo)}: $said; }`
          : `${isBegun} || ${run} >/dev/null 2>&1`;
      })
      .filter((line) => line !== "")
      .toReversed(),
    `echo 0 >${file}`,
  ].join("\n");

/** Where steps are counted, and from which number on. */
export type Counted = {
  /** Where the number of the last step that was begun is kept. */
  readonly file: string;
  /** Number of the first of these steps, 1 for the first of all. */
  readonly first: number;
};

/**
 * Shell text that does the steps in order, in the scenario's folder. Prints what they print; the first that fails ends it with a last line
 * `failed NUMBER STATUS`, and status 0.
 */
export const doScript = (steps: readonly Step[], { file, first }: Counted): string =>
  [
    `exec 8>>${STEPS}; flock 8`,
    ...steps.map(({ command, isPartial = false }, i) => {
      const number = first + i;
      // What failed as a whole has left nothing, and what looks like it is somebody else's.
      const failed = isPartial ? "" : ` echo ${number - 1} >${file};`;
      return [
        `test ! -e stop && echo ${number} >${file} || exit 1`,
        // What the commands of a file make has the usual modes: /run/netns is everybody's to read.
        `(umask 022; exec sh -c ${quote(command)}) 2>&1 8>&- || { status=$?;${failed} printf '\\nfailed %s %s\\n' ${number} $status; exit 0; }`,
      ].join("\n");
    }),
  ].join("\n");

/** The number and the status of the step that failed, and what it printed; undefined where none did. */
export const failureOf = (
  output: string,
): { readonly number: number; readonly status: string; readonly said: string } | undefined => {
  const [, said = "", number = "", status = ""] = /^([^]*?)^failed (\d+) (\d+)\n$/m.exec(output) ?? [];
  return number === "" ? undefined : { number: Number(number), status, said: said.trim() };
};
