import type { Document } from "yaml";
import type { Problem } from "../inventory/problem.ts";
import { ownWords, schemaProblems } from "../inventory/schema-problems.ts";
import { ALIASES, readYaml, refuse } from "../inventory/yaml-file.ts";
import { fill } from "./fill.ts";
import { referenceProblems } from "./references.ts";
import type { Scenario } from "./scenario.ts";
import { schema } from "./schema.ts";

/**
 * Reads a scenario's file. All problems come at once, in the order of the file, as one INVENTORY error with a line
 * `file:line:column path: message` each.
 */
export const parseScenario = (text: string, file: string): Scenario => {
  const source = readYaml(text, file);
  const parsed = read(source.doc);
  if (parsed.data === undefined) {
    refuse(schemaProblems(parsed.error.issues), source);
    throw new TypeError("the schema neither failed nor gave data");
  }
  const scenario = fill(parsed.data, file);
  const problems: readonly Problem[] = referenceProblems(parsed.data, scenario);
  refuse(problems, source);
  return scenario;
};

const read = (doc: Document): ReturnType<typeof schema.safeParse> =>
  schema.safeParse(doc.toJS(ALIASES) ?? {}, { reportInput: true, error: ownWords });
