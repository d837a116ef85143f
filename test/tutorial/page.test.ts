import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { blocksOf, needsLab, pageOf, proseOf, stable } from "../../bench/tutorial-page.ts";
import { FOLDER, sources } from "../../bench/tutorial-run.ts";
import { ownScenarios } from "../../src/scenario/library.ts";

const pages = await sources();
const scenarios = await ownScenarios();
const index = await readFile(join(FOLDER, "README.md"), "utf8");

describe("docs/tutorial", () => {
  test("has a page for each scenario, and shows each of its breaks", () => {
    expect(pages.map(({ name }) => name)).toEqual(scenarios.map(({ name }) => name));
    expect(pages).toHaveLength(10);
    for (const { name, breaks } of scenarios) {
      const commands = blocksOf(pages.find((page) => page.name === name)!.text).map(({ command }) => command);
      for (const broken of breaks)
        expect(commands.some((command) => command.endsWith(`--break ${broken.name}`))).toBe(true);
    }
  });

  test.each(pages)("$file is written from its source", async ({ file, text }) => {
    expect(proseOf(await readFile(join(FOLDER, file), "utf8"))).toBe(proseOf(text));
    expect(index).toContain(`(${file})`);
  });

  test("links of the pages lead somewhere", async () => {
    for (const text of [index, ...pages.map((page) => page.text)])
      for (const [, path = ""] of text.matchAll(/\]\(([^)]+)\)/g))
        await expect(access(join(FOLDER, path)), path).resolves.toBeUndefined();
  });
});

describe("a page", () => {
  const output = "name: title\n# why\n$ ip link\n✔ claim\n    seen\n\nbreak it: title\n✔ claim\n    no answer\n";
  const page = (block: string): string => pageOf(`a\n\n${block}\n\nb\n`, new Map([["xhost run", output]]));

  test("takes the part of the output that the block asks for", () => {
    expect(page("<!-- run steps: xhost run -->")).toBe(
      "a\n\n```\n$ xhost run\nname: title\n# why\n$ ip link\n...\n```\n\nb\n",
    );
    expect(page("<!-- run checks: xhost run -->")).toMatch(
      /^a\n\n```\n\$ xhost run\n\.\.\.\n✔ claim\n {4}seen\n\nbreak/,
    );
    expect(page("<!-- run break: xhost run -->")).toMatch(/\n\.\.\.\nbreak it: title\n✔ claim\n {4}no answer\n```\n/);
    expect(page("<!-- mermaid: xhost run -->")).toContain("```mermaid\nname: title\n");
  });

  test("refuses a part that is not in the output, and a command that was not run", () => {
    expect(() => pageOf("<!-- run break: c -->", new Map([["c", "✔ a\n"]]))).toThrow("no line like ^break ");
    expect(() => pageOf("<!-- run: c -->", new Map())).toThrow("nothing was run for: c");
  });

  test("differs from its source where its prose or its commands do", () => {
    expect(proseOf(page("<!-- run: xhost run -->"))).toBe(proseOf("a\n\n<!-- run: xhost run -->\n\nb\n"));
    expect(proseOf(page("<!-- run: xhost run -->"))).not.toBe(proseOf("a\n\n<!-- run: xhost run it -->\n\nb\n"));
    expect(proseOf(page("<!-- run: xhost run -->"))).not.toBe(proseOf("a\n\n<!-- run: xhost run -->\n\nc\n"));
  });

  test("that needs a lab is known by its commands", () => {
    expect(pages.filter(({ text }) => needsLab(text)).map(({ name }) => name)).toContain("ipip");
    expect(needsLab("<!-- run: xhost scenario run veth -->")).toBe(false);
  });
});

test("what differs from run to run is counted through, what means something is left", () => {
  expect(stable("a ea:00:57:e9:8e:8a b 66:07:ca:ba:f8:9e ea:00:57:e9:8e:8a ff:ff:ff:ff:ff:ff 00:00:00:00:00:00")).toBe(
    "a 02:00:00:00:00:01 b 02:00:00:00:00:02 02:00:00:00:00:01 ff:ff:ff:ff:ff:ff 00:00:00:00:00:00",
  );
  expect(stable("echo request id 97 seq 1\necho reply id 97 seq 1\nrequest id 115 seq 1")).toBe(
    "echo request id 1 seq 1\necho reply id 1 seq 1\nrequest id 2 seq 1",
  );
  expect(stable("1500  all  2026-11-23T05:43:50Z")).toBe("1500  all  2026-01-01T00:00:00Z");
  expect(stable("$ ovs\n2026-11-23T02:51:06Z|00001|ovs_numa|INFO|two\n✔ net1 (id: 0) ttl=63")).toBe(
    "$ ovs\n✔ net1 (id: 0) ttl=63",
  );
});
