/** Shell lines that feed lines to a command; nothing where there are none. `end` is a line that is not among them. */
export const heredoc = (command: string, lines: readonly string[], end = "EOF"): readonly string[] =>
  lines.length === 0 ? [] : [`${command} <<'${end}'`, ...lines, end];
