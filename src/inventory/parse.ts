import { isScalar, type Document } from "yaml";
import { fill } from "./fill.ts";
import { interpolate } from "./interpolate.ts";
import type { Inventory } from "./inventory.ts";
import type { Path, Problem } from "./problem.ts";
import { schema } from "./schema.ts";
import { ownWords, schemaProblems } from "./schema-problems.ts";
import { shownService } from "./shown.ts";
import { textProblems } from "./text-problems.ts";
import { validate } from "./validate.ts";
import { ALIASES, readYaml, refuse } from "./yaml-file.ts";

/**
 * Reads an inventory. All problems come at once, in the order of the file, as one INVENTORY error with a line
 * `file:line:column path: message` each; references and overlaps are checked also beside wrong keys.
 */
export const parseInventory = (
  text: string,
  { file, env }: { file: string; env: Readonly<Record<string, string | undefined>> },
): Inventory => {
  const source = readYaml(text, file);
  const { doc } = source;
  const report = (problems: readonly Problem[]): void => refuse(problems, source);
  const asWritten = (doc.toJS(ALIASES) ?? {}) as { containers?: Readonly<Record<string, unknown>> };
  const missing = [...interpolate(doc, env), ...textProblems(doc)];
  const parsed = read(doc);
  if (!parsed.success) {
    const isEcho = ({ path }: Problem): boolean => missing.some((known) => known.path.join(".") === path.join("."));
    const wrong = [...missing, ...schemaProblems(parsed.error.issues).filter((problem) => !isEcho(problem))];
    report([...wrong, ...problemsBeside(wrong, doc, file)]);
  }
  report(missing);
  if (parsed.data === undefined) throw new TypeError("the schema neither failed nor gave data");
  const inventory = fill(parsed.data, file);
  report(validate(parsed.data, inventory));
  const containers = inventory.containers.map((c) => ({
    ...c,
    shown: shownService(c.service, asWritten.containers?.[c.name]),
  }));
  return { ...inventory, containers };
};

/**
 * What is wrong with the rest of the file when the wrong keys and values are left out of it; problems above or below one that is
 * known already are only its echo.
 */
const problemsBeside = (wrong: readonly Problem[], doc: Document, file: string): readonly Problem[] => {
  const rest: unknown = doc.toJS(ALIASES);
  for (const { path } of wrong.toReversed()) remove(rest, path);
  const parsed = schema.safeParse(rest);
  if (parsed.data === undefined) return [];
  const key = (problem: Problem): string => `${problem.path.join(".")}.`;
  const isEcho = (problem: Problem): boolean =>
    wrong.some((known) => key(known).startsWith(key(problem)) || key(problem).startsWith(key(known)));
  return validate(parsed.data, fill(parsed.data, file)).filter((problem) => !isEcho(problem));
};

const remove = (from: unknown, path: Path): void => {
  const parent = path
    .slice(0, -1)
    .reduce<unknown>(
      (inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? Reflect.get(inner, key) : undefined),
      from,
    );
  const last = path.at(-1);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isObject(parent) && last !== undefined) Reflect.deleteProperty(parent, last);
};

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** As Compose does, text that came out of a variable is read as a number or a boolean where the schema wants one. */
const read = (doc: Document): ReturnType<typeof schema.safeParse> => {
  const parse = (): ReturnType<typeof schema.safeParse> =>
    schema.safeParse(doc.toJS(ALIASES) ?? {}, { reportInput: true, error: ownWords });
  const parsed = parse();
  for (const { path } of schemaProblems(parsed.error?.issues ?? [])) {
    const node = doc.getIn(path, true);
    if (isScalar(node) && node.source?.includes("${") === true) node.value = scalarOf(String(node.value));
  }
  return parsed.success ? parsed : parse();
};

const scalarOf = (text: string): string | number | boolean =>
  text === "true" || text === "false" ? text === "true" : /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
