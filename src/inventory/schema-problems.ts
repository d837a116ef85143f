import type { z } from "zod";
import type { Path, Problem } from "./problem.ts";

type Issue = z.core.$ZodIssue;

/**
 * What is said of a value where the schema itself does not say it: an error map for zod, so that there is one place for the words
 * that zod would choose. Undefined: zod's own.
 */
export const ownWords = (issue: z.core.$ZodRawIssue): string | undefined => {
  if (issue.code === "too_small") return tooSmall(issue);
  if (issue.code === "too_big") return `should be at most ${issue.maximum}`;
  if (issue.code !== "invalid_value") return undefined;
  return `should be ${issue.values
    .map(String)
    .join(", ")
    .replace(/, ([^,]*)$/, " or $1")}`;
};

const tooSmall = ({ origin, minimum, inclusive }: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall>): string => {
  if (origin === "string") return "should not be empty: write it, or leave the key out";
  if (origin === "array") return "should not be an empty list: write at least one, or leave the key out";
  return inclusive === false ? `should be above ${minimum}` : `should be at least ${minimum}`;
};

/** zod's issues in the words of the inventory, unknown keys one by one. */
export const schemaProblems = (issues: readonly Issue[], base: Path = []): readonly Problem[] =>
  issues.flatMap((issue) => issueProblems(issue, [...base, ...(issue.path as Path)]));

const issueProblems = (issue: Issue, path: Path): readonly Problem[] => {
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ path: [...path, key], message: "unknown key", at: "key" }));
    case "invalid_key":
      return issue.issues.map((inner) => ({ path, message: inner.message, at: "key" }));
    case "invalid_union":
      return unionProblems(issue, path);
    case "invalid_type":
      return [{ path, message: typeMessage(issue) }];
    case "custom":
    case "invalid_element":
    case "invalid_format":
    case "invalid_value":
    case "not_multiple_of":
    case "too_big":
    case "too_small":
      return [{ path, message: lower(issue.message) }];
  }
};

/** The branch that got furthest speaks for the union; where all fail at once, what each of them would take. */
const unionProblems = (issue: Extract<Issue, { code: "invalid_union" }>, path: Path): readonly Problem[] => {
  const branches = issue.errors as readonly (readonly Issue[])[];
  const deeper = branches.find((b) => b.length > 0 && !b.some((i) => i.code === "invalid_type" && i.path.length === 0));
  if (deeper !== undefined) return schemaProblems(deeper, path);
  const kinds = branches.flatMap((b) =>
    b.map((i) => ("expected" in i ? kindOf(String(i.expected)) : lower(i.message))),
  );
  return [{ path, message: `should be ${[...new Set(kinds)].join(" or ")}` }];
};

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
  null: "empty",
};
const kindOf = (expected: string): string => KINDS[expected] ?? expected;

const typeMessage = (issue: Extract<Issue, { code: "invalid_type" }>): string => {
  const should = issue.message.startsWith("should") ? issue.message : `should be ${kindOf(issue.expected)}`;
  return issue.input === undefined ? `is missing: ${should}` : should;
};

const lower = (message: string): string => message.charAt(0).toLowerCase() + message.slice(1);
