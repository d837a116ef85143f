import { expect, test } from "vitest";
import { table } from "./table.ts";

const HEAD = ["HOST", "POINT", "VERDICT", "DECIDES", "WHY"];
const RULE =
  "iptables -t filter XHOST-demo rule 2: -s 172.30.194.0/24 -d 172.30.189.0/24 -i xh-demo-app -o xh-demo-vxlan -j ACCEPT";
const ROWS = [
  ["h1", "web eth0 out", "", "", ""],
  ["h1", "  filter OUTPUT", "DROPS", RULE, "drops it"],
  ["h2", `${"x".repeat(30)} in`, "", "y".repeat(130), ""],
];
const words = (text: string): readonly string[] => text.split(/\s+/).filter(Boolean).sort();
const letters = (text: string): string => text.split(/\s*/).sort().join("");

test("no terminal: every row is a line", () => {
  expect(table(HEAD, ROWS, Infinity).split("\n")).toHaveLength(4);
});

test("a terminal that is wide enough changes nothing", () => {
  expect(table(HEAD, ROWS, 250)).toBe(table(HEAD, ROWS, Infinity));
});

test.each([60, 80, 120])("a terminal of %i columns has no longer line, and nothing is lost", (width) => {
  const text = table(HEAD, ROWS, width);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(width);
  expect(letters(text)).toBe(letters(table(HEAD, ROWS, Infinity)));
});

test("words that fit stay whole, and an indent goes on", () => {
  const text = table(HEAD, ROWS.slice(0, 2), 80);
  expect(words(text)).toEqual(words(table(HEAD, ROWS.slice(0, 2), Infinity)));
  const narrow = table(["A", "B"], [["  one two three", "four five six"]], 20);
  expect(narrow).toMatch(/^ {2}three/m);
});

test("a terminal that is too narrow for the columns loses nothing either", () => {
  expect(letters(table(HEAD, ROWS, 12))).toBe(letters(table(HEAD, ROWS, Infinity)));
});
