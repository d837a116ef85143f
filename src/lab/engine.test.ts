import { expect, test } from "vitest";
import { dealtEngines, suiteOf } from "./engine.ts";

test.each([
  [undefined, 2, ["machine", "machine"]],
  ["debian-sid", 1, ["debian-sid"]],
  ["sid", 2, ["debian-sid", "debian-sid"]],
  ["bookworm, sid", 3, ["debian-bookworm", "debian-sid", "debian-bookworm"]],
  ["machine,trixie", 2, ["machine", "debian-trixie"]],
])("engines %j for %i hosts", (list, hosts, expected) => {
  expect(dealtEngines(list, hosts)).toEqual(expected);
});

test.each(["", "sid,", "../etc", "debian-", "Sid", "ubuntu-22.04"])("engine %j is refused", (list) => {
  expect(() => dealtEngines(list, 1)).toThrow(/^engine ".*": should be machine or a Debian suite/);
});

test("only a host with its own root has a suite", () => {
  expect([suiteOf("machine"), suiteOf("debian-sid")]).toEqual([undefined, "sid"]);
});
