import type { Key, OwnFile } from "../model/state.ts";
import type { Difference } from "./diff.ts";
import { heredoc } from "./heredoc.ts";

/** Shell lines that make a key, on the host and for root alone; it is not made twice. The folder is there. */
export const makeKeyLines = (path: string): readonly string[] => [
  `wg pubkey < ${path} >/dev/null 2>&1 || (umask 077; wg genkey > ${path}.part && mv ${path}.part ${path})`,
];

/** Shell lines that make keys and write files. */
export const writeLines = (all: readonly Difference[]): readonly string[] =>
  all.flatMap(({ want }) => {
    if (want?.kind === "key") return makeKeyLines(want.path);
    if (want?.kind !== "file") return [];
    const content = want.content.split("\n").filter((line) => line !== "");
    return heredoc(`cat > ${want.path}`, content);
  });

/** Shell lines that remove keys and files. */
export const removeLines = (all: readonly Difference[]): readonly string[] =>
  all.flatMap(({ want, have }) => (want === undefined ? [`rm -f ${(have as OwnFile | Key).path}`] : []));
