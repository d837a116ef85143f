/** Shell lines that feed lines to a command; nothing where there are none. */
export const heredoc = (command: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${command} <<'EOF'`, ...lines, "EOF"];
