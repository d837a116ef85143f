/**
 * Shell lines that feed lines to a command, byte for byte; nothing where there are none. What a line says never becomes a command: they end at
 * a word that is none of them, `end` itself wherever that will do.
 */
export const heredoc = (command: string, lines: readonly string[], end = "EOF"): readonly string[] => {
  if (lines.length === 0) return [];
  const all = lines.flatMap((line) => line.split("\n"));
  const word = ["", ..."A B C D F G H I J K L M N O P Q R S T U V W Y Z".split(" ")]
    .map((letter) => letter + end)
    .find((each) => !all.includes(each) && !all.some((line) => isSpoilt(line, each)));
  const other = word ?? `${end}${"_".repeat(Math.max(...all.map((line) => line.length)))}`;
  return [`${command} <<'${other}'`, ...all, other];
};

/** dash 0.5.12 drops a byte of a line that begins as the word does and goes on with one that is not ASCII. */
const isSpoilt = (line: string, word: string): boolean =>
  line.startsWith(word.slice(0, 1)) && !/^[\0-\x7f]*$/.test(line.slice(0, word.length + 1));
