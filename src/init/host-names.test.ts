import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hostNames } from "./host-names.ts";

let folder: string;
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xhost-init-names-"));
  await mkdir(join(folder, "d"));
});
afterAll(() => rm(folder, { recursive: true }));

test.each<[string, string, string[]]>([
  ["several on a line, once each", "Host a b\n  User x\nHost b c\n", ["a", "b", "c"]],
  ["patterns and what is excluded", "Host * a*b c? !d e\n", ["e"]],
  ["the ways to write a keyword", 'HOST=a\n\thost = "b"\nhOsT  c # why d\n#Host e\n', ["a", "b", "c"]],
  ["other keywords", "HostName h\nMatch host a\nHostKeyAlias b\n\n", []],
])("%s", async (_, text, names) => {
  expect(await hostNames(await file("config", text))).toEqual(names);
});

test("included files, in the order of their names; one that is missing is none", async () => {
  await file("d/2.conf", "Host z\n");
  await file("d/1.conf", `Host y\nInclude ${folder}/d/2.conf\n`);
  const main = await file("main", `Host a\nInclude ${folder}/d/*.conf ${folder}/none\nHost b\n`);
  expect(await hostNames(main)).toEqual(["a", "y", "z", "b"]);
});

test("a file that includes itself comes to an end", async () => {
  expect(await hostNames(await file("loop", `Host a\nInclude ${folder}/loop\n`))).toEqual(["a"]);
});

test("no file is the user's to mend", async () => {
  await expect(hostNames(join(folder, "none"))).rejects.toThrow(/none: cannot be read: ENOENT/);
});
