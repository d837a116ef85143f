import { expect, test } from "vitest";
import { gathered } from "./hubs.ts";

const shown = (pairs: readonly string[]): readonly string[] =>
  gathered(pairs, (pair) => pair.split(">") as [string, string]).map(
    ({ hub = "pair", items }) => `${hub}: ${items.join()}`,
  );

test.each([
  [[], []],
  [
    ["a>b", "b>a", "a>c"],
    ["pair: a>b,b>a", "pair: a>c"],
  ],
  [
    ["a>b", "c>a", "a>d", "b>c"],
    ["a: a>b,c>a,a>d", "pair: b>c"],
  ],
])("%j", (pairs, groups) => {
  expect(shown(pairs)).toEqual(groups);
});
