import { execa } from "execa";
import fc from "fast-check";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Step } from "../../src/scenario/build.ts";
import { anyGround, compile, compileBreak } from "../../src/scenario/compile.ts";
import { isDeploy } from "../../src/scenario/deploy-scenario.ts";
import { ownScenarios } from "../../src/scenario/library.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { mermaid, picture } from "../../src/scenario/picture.ts";
import { doScript, failureOf, undoScript } from "../../src/scenario/undo.ts";
import { marked, ruleUndo, within } from "../../src/scenario/words.ts";

const all = (await ownScenarios()).filter((s): s is Scenario => !isDeploy(s));
const golden = (name: string): string => join(import.meta.dirname, "../golden/scenarios", `${name}.txt`);

/** As `show` says it, with what takes each step back. */
const textOf = (steps: readonly Step[]): string[] =>
  steps.flatMap(({ command, does, undo }) => [
    `# ${does}`,
    `$ ${command}`,
    ...(undo === undefined ? [] : [`  undo: ${undo}`]),
  ]);

test.each(all.map((scenario) => [scenario.name, scenario] as const))(
  "%s: its commands and its picture",
  async (name, scenario) => {
    const ground = {
      ...anyGround,
      sysctls: new Map([
        ["net.ipv4.ip_forward", "0"],
        ["net.bridge.bridge-nf-call-iptables", "0"],
      ]),
    };
    const text = [
      ...textOf(compile(scenario, ground).steps),
      ...scenario.breaks.flatMap((broken) => [
        `break ${broken.name}`,
        ...textOf(compileBreak(broken, scenario, ground)),
      ]),
      picture(scenario),
      mermaid(scenario),
    ];
    await expect(`${text.join("\n")}\n`).toMatchFileSnapshot(golden(name));
  },
);

describe("steps in a real shell", () => {
  const inFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
    const folder = await mkdtemp(join(tmpdir(), "xhost-steps-"));
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  };
  const sh = async (cwd: string, script: string): Promise<string> =>
    (await execa("sh", ["-s"], { input: script, cwd, stripFinalNewline: false })).stdout;
  const step = (i: number, command = `: >made${i}`): Step => ({
    command,
    does: "",
    undo: `rm made${i}; echo ${i} >>undone`,
  });

  test("the one that fails is told, and what it would have made is not taken back: it is somebody else's", () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, "made2"), "somebody else's");
      const steps = [step(1), step(2, "echo it is there already; false"), step(3)];
      const output = await sh(folder, doScript(steps, { file: "begun", first: 1 }));
      expect(failureOf(output)).toEqual({ number: 2, status: "1", said: "it is there already" });
      await sh(folder, undoScript(steps, "begun"));
      expect(await readFile(join(folder, "undone"), "utf8")).toBe("1\n");
      expect(await readFile(join(folder, "made2"), "utf8")).toBe("somebody else's");
    }));

  test("one that may have been done in part is taken back all the same", () =>
    inFolder(async (folder) => {
      const steps = [step(1), { ...step(2, ": >made2; false"), isPartial: true }];
      await sh(folder, doScript(steps, { file: "begun", first: 1 }));
      await sh(folder, undoScript(steps, "begun"));
      expect(await readFile(join(folder, "undone"), "utf8")).toBe("2\n1\n");
    }));

  test("after any number of steps exactly those are taken back, the last first, and a second time none", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 6 }), (done) =>
        inFolder(async (folder) => {
          const steps = [1, 2, 3, 4, 5, 6].map((i) => step(i));
          await sh(folder, doScript(steps.slice(0, done), { file: "begun", first: 1 }));
          await sh(folder, `${undoScript(steps, "begun")}\n${undoScript(steps, "begun")}`);
          const undone = await readFile(join(folder, "undone"), "utf8").catch(() => "");
          expect(undone).toBe(Array.from({ length: done }, (_, i) => `${done - i}\n`).join(""));
        }),
      ),
      { numRuns: 15 },
    );
  });

  test("a command of a file reaches the shell of its namespace unharmed, whatever is in it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme-ascii", minLength: 1 }).filter((text) => !text.includes("\n")),
        (text) =>
          inFolder(async (folder) => {
            // `ip netns exec NAME` stands for a program that runs the rest.
            const typed = within("ns1", true, `printf %s '${text.replaceAll("'", `'\\''`)}'`);
            const script = `ip() { shift 3; "$@"; }\n${typed}`;
            expect(await sh(folder, script)).toBe(text);
          }),
      ),
      { numRuns: 60 },
    );
  });
});

test.each([
  ["-A FORWARD -j DROP", "-D FORWARD -j DROP"],
  ["-I FORWARD 3 -i br1 -j DROP", "-D FORWARD -i br1 -j DROP"],
  [
    "-t nat -A POSTROUTING -s 10.0.0.0/8 ! -o br1 -j MASQUERADE",
    "-t nat -D POSTROUTING -s 10.0.0.0/8 ! -o br1 -j MASQUERADE",
  ],
])("the rule %s is taken back by %s", (rule, undo) => {
  expect(ruleUndo(rule)).toBe(undo);
  expect(marked(rule, "mine")).toContain(" -m comment --comment xhost-scenario:mine -j ");
});
