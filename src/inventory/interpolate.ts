import { visit, type Document } from "yaml";
import type { Path, Problem } from "./problem.ts";

type Env = Readonly<Record<string, string | undefined>>;

const PATTERN = /\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}|\$\{[^}]*\}?/g;

/** Replaces `${NAME}` and `${NAME:-default}` in every value of the document, in place; `$$` is one `$`, as in Compose. */
export const interpolate = (doc: Document, env: Env): readonly Problem[] => {
  const problems: Problem[] = [];
  visit(doc, {
    Scalar(key, node, path) {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes("$")) return;
      const replaced = node.value.replace(PATTERN, (match, name?: string, _default?: string, fallback?: string) => {
        if (match === "$$") return "$";
        if (name === undefined) {
          problems.push({ path: pathOf(path, key), message: `${match} should be \${NAME} or \${NAME:-default}` });
          return match;
        }
        const value = env[name];
        if (value !== undefined && (value !== "" || fallback === undefined)) return value;
        if (fallback !== undefined) return fallback;
        problems.push({
          path: pathOf(path, key),
          message: `\${${name}} is not set in the environment: export ${name}, or write \${${name}:-default}`,
        });
        return "";
      });
      node.value = replaced;
    },
  });
  return problems;
};

type Ancestors = readonly unknown[];

/** The path of a node that yaml's `visit` is at. */
export const pathOf = (ancestors: Ancestors, key: unknown): Path => {
  const keys: (string | number)[] = ancestors.flatMap((node, i): (string | number)[] => {
    if (isKeyed(node)) return [String((node.key as { value?: unknown }).value)];
    const parent = node as { items?: unknown[] };
    const child = ancestors[i + 1];
    return Array.isArray(parent.items) && child !== undefined && !isKeyed(child) ? [parent.items.indexOf(child)] : [];
  });
  return typeof key === "number" ? [...keys, key] : keys;
};

const isKeyed = (node: unknown): node is { key: unknown } => typeof node === "object" && node !== null && "key" in node;
