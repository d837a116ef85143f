/** One word of a POSIX shell that stands for exactly this text, line breaks and quotes included. */
export const quote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
