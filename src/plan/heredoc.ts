/**
 * Shell lines that feed lines to a command, byte for byte; nothing where there are none. What a line says never becomes a command: they end at
 * a word that is none of them, `end` itself wherever that will do.
 */
export const heredoc = (command: string, lines: readonly string[], end = "EOF"): readonly string[] => {
  if (lines.length === 0) return [];
  const all = lines.some((line) => line.includes("\n")) ? lines.flatMap((line) => line.split("\n")) : lines;
  const begins = new Set<number>();
  for (const line of all) begins.add(line.charCodeAt(0));
  const word = WORDS.map((letter) => letter + end).find(
    (each) => !begins.has(each.charCodeAt(0)) || !isUsed(all, each),
  );
  const other = word ?? `${end}${"_".repeat(Math.max(...all.map((line) => line.length)))}`;
  return [`${command} <<'${other}'`, ...all, other];
};

const WORDS = ["", ..."A B C D F G H I J K L M N O P Q R S T U V W Y Z".split(" ")];

const isUsed = (lines: readonly string[], word: string): boolean =>
  lines.some((line) => line.startsWith(word[0] ?? "") && (line === word || isSpoilt(line, word)));

/** Of a line that begins as the word does and goes on with a byte that is not ASCII dash 0.5.12 drops that. */
const isSpoilt = (line: string, word: string): boolean => !/^[\0-\x7f]*$/.test(line.slice(0, word.length + 1));
