/**
 * Text of somebody else's on one line: what breaks lines, steers a terminal or turns the direction of writing stands as its escape, such as
 * `\u001b`, so that nobody can write what xhost seems to say.
 */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => {
    const known = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[char];
    return known ?? `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
