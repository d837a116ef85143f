import { LineCounter, parseDocument, type Document } from "yaml";
import { XhostError } from "../errors.ts";
import { visible } from "../visible.ts";
import { locate, type Problem } from "./problem.ts";

/** A YAML 1.2 file without syntax errors, with what its problems need to say where they are. */
export type YamlFile = {
  readonly doc: Document;
  readonly lines: LineCounter;
  /** Path as the user gave it. */
  readonly file: string;
};

/** How often aliases may unfold before the file counts as an attack; the yaml library's own default. */
export const ALIASES = { maxAliasCount: 100 };

/** Throws an INVENTORY error with a line for each syntax error, and for aliases that lead nowhere or unfold without end. */
export const readYaml = (text: string, file: string): YamlFile => {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, version: "1.2", logLevel: "error" });
  if (doc.errors.length > 0)
    throw new XhostError("INVENTORY", doc.errors.map((e) => syntaxProblem(e, file, lines)).join("\n"));
  try {
    doc.toJS(ALIASES);
  } catch (cause) {
    throw new XhostError("INVENTORY", visible(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`), {
      cause,
    });
  }
  return { doc, lines, file };
};

/** Throws one INVENTORY error with a line `file:line:column path: message` for each problem, in the order of the file; none where there is none. */
export const refuse = (problems: readonly Problem[], source: YamlFile): void => {
  if (problems.length === 0) return;
  const located = [...new Set(problems.map((p) => locate(p, source)))];
  const position = (line: string): number[] => /:(\d+):(\d+) /.exec(line)?.slice(1).map(Number) ?? [0, 0];
  located.sort((a, b) => {
    const [[al = 0, ac = 0], [bl = 0, bc = 0]] = [position(a), position(b)];
    return al - bl || ac - bc;
  });
  throw new XhostError("INVENTORY", located.join("\n"));
};

const syntaxProblem = (
  error: { message: string; code: string; pos: readonly [number, number] },
  file: string,
  lines: LineCounter,
): string => {
  const { line, col } = lines.linePos(error.pos[0]);
  const [why = ""] = error.message.split(/ at line \d+/);
  // Behind a colon the library repeats what stands there, which may be a password in the wrong place.
  const told = error.code === "UNEXPECTED_TOKEN" ? why.replace(/: .*$/s, "") : why;
  const hint = error.code === "DUPLICATE_KEY" ? "the same key twice: keep one of them" : told;
  return visible(`${file}:${line}:${col} ${hint}`);
};
