// Runs the commands of the tutorial's pages as a reader would type them.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { blocksOf, LAB, pageOf } from "./tutorial-page.ts";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
export const FOLDER = join(ROOT, "docs/tutorial");

/** A page's source; `name` is the scenario's. */
export type Source = { readonly file: string; readonly name: string; readonly text: string };

/** Sources of all pages, in order. */
export const sources = async (): Promise<readonly Source[]> => {
  const files = (await readdir(join(FOLDER, "src"))).filter((file) => /^\d\d-.*\.md$/.test(file)).toSorted();
  return Promise.all(
    files.map(async (file) => ({
      file,
      name: basename(file, ".md").slice(3),
      text: await readFile(join(FOLDER, "src", file), "utf8"),
    })),
  );
};

/**
 * The page with what its commands print now, here or on hosts of the lab whose folder is given. Throws where a
 * command does not end with status 0.
 */
export const generate = async ({ text }: Source, lab: string | undefined): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "xhost-tutorial-"));
  try {
    const program = join(folder, "bin/xhost");
    await mkdir(dirname(program));
    await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, "src/cli.ts")}' "$@"\n`);
    await chmod(program, 0o755);
    if (lab !== undefined) {
      await mkdir(dirname(join(folder, LAB)), { recursive: true });
      await symlink(lab, join(folder, LAB));
    }
    const outputs = new Map<string, string>();
    for (const { command } of blocksOf(text)) {
      if (outputs.has(command)) continue;
      const { stdout } = await execa("bash", ["-o", "pipefail", "-c", command], {
        cwd: folder,
        stdin: "ignore",
        env: { PATH: `${dirname(program)}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1" },
      });
      outputs.set(command, stdout);
    }
    return pageOf(text, outputs);
  } finally {
    await rm(folder, { recursive: true });
  }
};
