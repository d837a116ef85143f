// Texts that somebody may write, or a host may say, to get out of where they are put.
import fc from "fast-check";

/** What means something to a shell, a terminal, HTML or a parser; no NUL, which no program can be given. */
const PIECES = [
  ...["'", '"', "`", "$", "\\", ";", "&", "|", "<", ">", "(", ")", "{", "}", "[", "]", "*", "?", "!", "~", "#", "="],
  ...[",", ":", "@", "%", "+", "-", "_", ".", "/", " ", "\t", "\n", "\r"],
  ...["$(touch canary)", "`touch canary`", "${IFS}", "$HOME", "\\\n", "'\\''", "--", "-oProxyCommand=touch canary"],
  ...[
    "EOF",
    "\nEOF\ntouch canary\n",
    "XHOST-UNDO",
    "\u0085",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u001b]8;;x\u0007",
    "\u009b2J",
  ],
  ...["é", "漢", "🐳", "a\u0300", "%s", "%h", "a", "0", "<script>", "]]>", "&amp;"],
];

/** Any text without NUL: pieces that are dangerous, glued together, and any characters whatever. */
export const hostile = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((all) => all.join("")) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll("\0", "")) },
);

/** The same on one line. */
export const hostileLine = hostile.map((text) => text.replaceAll("\n", " "));
