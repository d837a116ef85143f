import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { quote } from "./quote.ts";

test.each([
  ["plain", "plain"],
  ["/var/run/docker.sock", "/var/run/docker.sock"],
  ["", "''"],
  ["a b", "'a b'"],
  ["it's", `'it'\\''s'`],
  ["~", "'~'"],
])("%j is written %s", (text, quoted) => {
  expect(quote(text)).toBe(quoted);
});

test("a real shell reads back what was quoted", () => {
  const words = ["", " ", "'", `"`, "$HOME", "`id`", "a\nb", "\\", "*", "!x", "ü", "-n"];
  const said = execFileSync("sh", ["-c", `printf '%s\\0' ${words.map(quote).join(" ")}`], { encoding: "utf8" });
  expect(said.split("\0").slice(0, -1)).toEqual(words);
});
