import { isMap, isScalar, type Document, type LineCounter, type Node } from "yaml";
import { visible } from "../visible.ts";

/** Keys from the top of the file down to the value that is wrong. */
export type Path = readonly (string | number)[];

/** Something wrong with the inventory; `at: "key"` points at the key instead of its value. */
export type Problem = { readonly path: Path; readonly message: string; readonly at?: "key" };

/** Turns a problem into `file:line:column path: message`, one line whatever is in it; the nearest existing parent where the path itself is missing. */
export const locate = (problem: Problem, source: { doc: Document; lines: LineCounter; file: string }): string => {
  const { line, col } = source.lines.linePos(offset(problem, source.doc));
  const path = problem.path.join(".");
  return visible(`${source.file}:${line}:${col} ${path === "" ? "" : `${path}: `}${problem.message}`);
};

const offset = ({ path, at }: Problem, doc: Document): number => {
  for (let depth = path.length; depth > 0; depth--) {
    const node = nodeAt(doc, path.slice(0, depth), depth < path.length ? "key" : at);
    if (node?.range) return node.range[0];
  }
  return doc.contents?.range?.[0] ?? 0;
};

const nodeAt = (doc: Document, path: Path, at: "key" | undefined): Node | undefined => {
  const parent = path.length === 1 ? doc.contents : doc.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return doc.getIn(path, true) as Node | undefined;
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)));
  return (at === "key" ? pair?.key : (pair?.value ?? pair?.key)) as Node | undefined;
};
