import { isCollection, isScalar, visit, type Document } from "yaml";
import { pathOf } from "./interpolate.ts";
import type { Problem } from "./problem.ts";

/** Text that cannot reach a host as it is written, and keys that are none; to be asked after variables are replaced. */
export const textProblems = (doc: Document): readonly Problem[] => {
  const problems: Problem[] = [];
  visit(doc, {
    Pair(_key, { key }, path) {
      const parent = pathOf(path, undefined);
      if (isCollection(key)) problems.push({ path: parent, message: "has a list or a map for a key: write a word" });
      const message = keyMessage(key);
      if (message !== undefined) problems.push({ path: [...parent, nameOf(key)], message, at: "key" });
    },
    Scalar(key, node, path) {
      const message = key === "key" || typeof node.value !== "string" ? undefined : textMessage(node.value);
      if (message !== undefined) problems.push({ path: pathOf(path, key), message });
    },
  });
  return problems;
};

const nameOf = (key: unknown): string => (isScalar(key) ? String(key.value) : String(key));

const keyMessage = (key: unknown): string | undefined =>
  // Every object of JavaScript has one: it would be lost on the way.
  nameOf(key) === "__proto__" ? "is a word that cannot be a key here" : textMessage(nameOf(key));

const textMessage = (text: string): string | undefined => {
  if (text.includes("\0")) return "should have no NUL character: no program can be given one";
  return text.isWellFormed() ? undefined : "should have no half of a character (a lone surrogate): it cannot be sent";
};
