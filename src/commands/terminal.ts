import { visible } from "../visible.ts";

/** Whether lines can be drawn anew on a stream: a terminal that tells no width (0, as some CI systems make them) is none. */
export const canRedraw = ({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): boolean =>
  isTTY === true && (columns ?? 0) > 0;

/** Line ends, tabs, and the colours of `Paint`: all that xhost itself sends besides words. */
const OWN = /(\r?\n|\t|\u001b\[(?:[0-2]|22|3[1-6]|39)m)/;

/**
 * Text for a person, in which nothing but xhost steers the terminal: what hosts say (names, labels, stderr) is in it. Else one of them could
 * write over what other hosts said, put a command into the clipboard or a link behind a word (OSC 8, OSC 52).
 */
export const forTerminal = (text: string): string =>
  text
    .split(OWN)
    .map((part, i) => (i % 2 === 1 ? part.replace("\r", "") : visible(part)))
    .join("");

/** A JSON document in which no terminal finds anything to follow; JSON.stringify leaves C1 controls and what turns the direction of writing. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value ?? null, null, 2).replace(
    /[\u007f-\u009f\u2028\u2029]|\p{Bidi_Control}/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
