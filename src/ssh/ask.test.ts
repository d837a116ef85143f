import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askSsh } from "./ask.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "xhost-ask-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** A program that is called ssh. */
const pretend = async (script: string): Promise<void> => {
  await writeFile(join(folder, "ssh"), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, "ssh"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"] ?? ""}`);
};

test("each of many that ask at once hears its own answer, word for word", async () => {
  await pretend(`cat; for a; do printf '%s\\n' "$a"; done; printf '%s' "no $2" >&2; exit "$1"`);
  const words = ["'", '"$(id)`id`', "a\nb", "", "-n", "é\u2028"];
  const numbers = Array.from({ length: 40 }, (_, i) => i);
  const answers = await Promise.all(numbers.map((i) => askSsh([String(i), `host${i}`, ...words])));
  expect(answers).toEqual(
    numbers.map((i) => ({ code: i, stdout: `${[i, `host${i}`, ...words].join("\n")}\n`, stderr: `no host${i}` })),
  );
});

test("a shell that is gone is no answer, and the others have theirs", async () => {
  await pretend('test "$1" != die || kill -9 $PPID; echo "$1"');
  const answers = await Promise.all(["a", "die", "b", "die", "c"].map((word) => askSsh([word])));
  expect(answers.map(({ code, stdout }) => code ?? stdout)).toEqual([0, expect.any(String), 0, expect.any(String), 0]);
  expect((await askSsh(["again"])).stdout).toBe("again\n");
});

test.each([
  ["no ssh", "sh"],
  ["no shell either", undefined],
])("where there is %s", async (_what, only) => {
  if (only !== undefined)
    await writeFile(join(folder, only), '#!/bin/sh\nPATH=/nowhere exec /bin/sh "$@"\n', { mode: 0o755 });
  vi.stubEnv("PATH", folder);
  expect(await Promise.all([askSsh(["-G", "a"]), askSsh(["-G", "b"])])).toMatchObject([
    { code: "ENOENT" },
    { code: "ENOENT" },
  ]);
});
