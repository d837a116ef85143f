// What is published, of src/cli.ts: a few files instead of hundreds, which take Node a fifth of a second longer to find and to load. ssh2, which has
// parts in C, and dockerode, which has files, stay packages of their own.
import { readFileSync, readdirSync } from "node:fs";
import { defineConfig, type Plugin } from "rolldown";

/** The package that a module belongs to: its folder. */
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/;

/** Licences ask for a copy of them beside what they are about. */
const licences: Plugin = {
  name: "licences",
  generateBundle() {
    const folders = new Set([...this.getModuleIds()].flatMap((id) => PACKAGE.exec(id)?.[0] ?? []));
    const texts = [...folders].sort().map((folder) => {
      const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as Record<string, string>;
      const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
      if (file === undefined) throw new Error(`${folder} has no licence to give on`);
      return `${name} ${version}\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
    });
    this.emitFile({ type: "asset", fileName: "LICENCES.txt", source: texts.join(`\n${"-".repeat(80)}\n\n`) });
  },
};

/** CommonJS: where an ES module imports one of Node's, Node asks for all that it exports, and with that loads much that nobody wants: 12 of the 40 ms that `--help` takes beside Node itself. */
const commonJs: Plugin = {
  name: "kind-of-module",
  generateBundle() {
    this.emitFile({ type: "asset", fileName: "package.json", source: '{ "type": "commonjs" }\n' });
  },
};

/** commander starts programs for commands that are files of their own, of which there are none: node:child_process takes 4 ms to load, and many commands do without. */
const LATE = "\0late:child_process";
const late: Plugin = {
  name: "late",
  resolveId: (name, from) => (name === "node:child_process" && from?.includes("/commander/") ? LATE : undefined),
  load: (id) =>
    id === LATE
      ? 'export default { spawn: (...args) => process.getBuiltinModule("node:child_process").spawn(...args) };'
      : undefined,
};

export default defineConfig({
  input: "src/cli.ts",
  platform: "node",
  external: ["ssh2", "dockerode"],
  plugins: [licences, commonJs, late],
  output: {
    dir: "dist",
    format: "cjs",
    cleanDir: true,
    // As deep as the sources: what is looked for beside them is found from here too.
    chunkFileNames: "chunks/[name].js",
  },
});
