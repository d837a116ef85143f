import { expect, test } from "vitest";
import { checkHostCount, checkLabName, isNamespaceOf, namespaceOf } from "./names.ts";

test.each(["demo", "a", "a-1", "h1", "abcdefghijklmnopqrst"])("lab name %s is fine", (name) => {
  expect(() => checkLabName(name)).not.toThrow();
});

test.each(["", "Demo", "1a", "-a", "a_b", "a/b", "..", "abcdefghijklmnopqrstu", "demo-h1"])(
  "lab name %j is refused",
  (name) => {
    expect(() => checkLabName(name)).toThrow(/^lab name /);
  },
);

test.each([0, -1, 1.5, 201, Number.NaN])("%s hosts are refused", (count) => {
  expect(() => checkHostCount(count)).toThrow("should be 1 to 200");
});

test("a lab knows its namespaces from those of labs whose names begin alike", () => {
  const names = ["xhost-a", "xhost-a-h1", "xhost-a-h12", "xhost-ab", "xhost-a-b", "xhost-a-b-h1", "xhost-a-h1x", "a"];
  expect(names.filter((name) => isNamespaceOf("a", name))).toEqual([
    namespaceOf("a"),
    namespaceOf("a", "h1"),
    namespaceOf("a", "h12"),
  ]);
});
