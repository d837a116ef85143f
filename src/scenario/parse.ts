import { isMap } from "yaml";
import type { z } from "zod";
import { ownWords, schemaProblems } from "../inventory/schema-problems.ts";
import { ALIASES, readYaml, refuse, type YamlFile } from "../inventory/yaml-file.ts";
import { fillDeploy } from "./deploy-fill.ts";
import { deployProblems } from "./deploy-references.ts";
import type { AnyScenario, DeployScenario } from "./deploy-scenario.ts";
import { deploySchema } from "./deploy-schema.ts";
import { fill } from "./fill.ts";
import { referenceProblems } from "./references.ts";
import type { Scenario } from "./scenario.ts";
import { schema } from "./schema.ts";

/**
 * Reads a scenario's file: one with `deploy` is a deploy over several hosts, any other a lab on one. All problems come at once, in the order of
 * the file, as one INVENTORY error with a line `file:line:column path: message` each.
 */
export const parseScenario = (text: string, file: string): AnyScenario => {
  const source = readYaml(text, file);
  return isMap(source.doc.contents) && source.doc.has("deploy") ? deployOf(source) : labOf(source);
};

const labOf = (source: YamlFile): Scenario => {
  const written = taken(schema, source);
  const scenario = fill(written, source.file);
  refuse(referenceProblems(written, scenario), source);
  return scenario;
};

const deployOf = (source: YamlFile): DeployScenario => {
  const scenario = fillDeploy(taken(deploySchema, source), source.file);
  refuse(deployProblems(scenario), source);
  return scenario;
};

const taken = <T extends z.ZodType>(its: T, source: YamlFile): z.infer<T> => {
  const parsed = its.safeParse(source.doc.toJS(ALIASES) ?? {}, { reportInput: true, error: ownWords });
  if (parsed.data !== undefined) return parsed.data;
  refuse(schemaProblems(parsed.error?.issues ?? []), source);
  throw new TypeError("the schema neither failed nor gave data");
};
