import fc from "fast-check";
import { expect, it } from "vitest";
import { hostile } from "../../test/hostile/texts.ts";
import { forTerminal, jsonText } from "./terminal.ts";

it.each([
  ["h1: fine\n\tand more\r\n", "h1: fine\n\tand more\n"],
  ["\u001b[32m+ network app\u001b[39m", "\u001b[32m+ network app\u001b[39m"],
  ["a name that wipes\u001b[2J\u001b[1A the screen", "a name that wipes\\u001b[2J\\u001b[1A the screen"],
  ["\u001b]8;;http://evil\u0007docs\u001b]8;;\u0007", "\\u001b]8;;http://evil\\u0007docs\\u001b]8;;\\u0007"],
  ["\u001b]52;c;cm0gLXJm\u0007", "\\u001b]52;c;cm0gLXJm\\u0007"],
  ["\u001b[8mhidden, \u001b[5mand blinking", "\\u001b[8mhidden, \\u001b[5mand blinking"],
  ["\u009b2J\u0090q\u009c", "\\u009b2J\\u0090q\\u009c"],
  ["100%\rdone\bX", "100%\\rdone\\u0008X"],
  ["gpj.\u202eexe\u2066", "gpj.\\u202eexe\\u2066"],
  ["<script>alert(1)</script> é 漢 🐳 שלום", "<script>alert(1)</script> é 漢 🐳 שלום"],
])("%j is shown as %j", (text, shown) => {
  expect(forTerminal(text)).toBe(shown);
});

// Everything that a terminal may follow: ECMA-48's C0 and C1, DEL, and marks of direction.
const STEERS = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

it("whatever a host says, only our colours are left", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(forTerminal(text).replace(/\u001b\[[0-9;]*m/g, "")).not.toMatch(STEERS);
    }),
  );
});

it("a JSON document has the very text, and nothing that a terminal follows", () => {
  fc.assert(
    fc.property(fc.array(hostile), (texts) => {
      const document = jsonText({ texts });
      expect(document).not.toMatch(STEERS);
      expect(JSON.parse(document)).toEqual({ texts });
    }),
  );
});
