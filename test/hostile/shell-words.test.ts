import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { heredoc } from "../../src/plan/heredoc.ts";
import { quote } from "../../src/ssh/quote.ts";
import { SHELLS, inShell } from "./shells.ts";
import { hostile } from "./texts.ts";

const cwd = mkdtempSync(join(tmpdir(), "xhost-hostile-"));
afterAll(() => rmSync(cwd, { recursive: true }));

const words = (printed: Buffer): string[] => printed.toString().split("\0").slice(0, -1);

describe.each(SHELLS)("in %s", (shell) => {
  it("a quoted word is that text, once and twice quoted", () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 40 }), (texts) => {
        const once = `printf '%s\\0' ${texts.map(quote).join(" ")}`;
        expect(words(inShell(shell, `${once}\n`, { cwd }))).toEqual(texts);
        expect(words(inShell(shell, `sh -c ${quote(once)}\n`, { cwd }))).toEqual(texts);
      }),
      { numRuns: 40 },
    );
  });

  it("lines fed to a command are those lines, whatever ends them, also one inside the other", () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 20 }), (lines) => {
        const text = `${lines.join("\n")}\n`;
        const inner = heredoc("cat", lines);
        expect(inShell(shell, `${inner.join("\n")}\n`, { cwd }).toString()).toBe(text);
        const outer = heredoc("cat", inner);
        expect(inShell(shell, `${outer.join("\n")}\n`, { cwd }).toString()).toBe(`${inner.join("\n")}\n`);
      }),
      { numRuns: 40 },
    );
  });
});
