import { expect, test } from "vitest";
import { commandWords, names } from "./options.ts";
import { canRedraw } from "./terminal.ts";

test("names of hosts: blanks around them do not count", () => {
  expect(names("h1, h2 ,,h3")).toEqual(["h1", "h2", "h3"]);
  expect(() => names(" , ")).toThrow("names no host");
});

test("the first `--` ends the options, a later one is the command's", () => {
  const words = (...args: string[]) =>
    args.reduce<readonly string[] | undefined>((b, w) => commandWords(w, b), undefined);
  expect(words("--", "sh", "-c", "true", "--")).toEqual(["sh", "-c", "true", "--"]);
  expect(words("docker", "ps")).toEqual(["docker", "ps"]);
});

test("a terminal without a width is none", () => {
  expect(canRedraw({ isTTY: true, columns: 80 })).toBe(true);
  expect(canRedraw({ isTTY: true, columns: 0 })).toBe(false);
  expect(canRedraw({ columns: 80 })).toBe(false);
});
