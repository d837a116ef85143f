import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";
import { XhostError } from "../errors.ts";
import type { AnyScenario } from "./deploy-scenario.ts";
import { parseScenario } from "./parse.ts";

/** Where this package keeps its own. */
const FOLDER = fileURLToPath(new URL("../../scenarios/", import.meta.url));

/** Names of the package's own scenarios, in the order of the tutorials. */
const ORDER = ["netns", "veth", "tuntap", "bridge", "router", "cross-host", "ipip", "ovs", "docker-bridge", "capture"];

/** All of the package's own, in the order of the tutorials. */
export const ownScenarios = async (): Promise<readonly AnyScenario[]> => {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".yml")).map((name) => name.slice(0, -4));
  const rank = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  return Promise.all(names.map((name) => readScenario(name, FOLDER)));
};

/** Whether it is the path of a file, and no name of the package's own. */
export const isFile = (name: string): boolean => name.includes("/") || /\.ya?ml$/.test(name);

/** Where the package's own scenario of that name is. */
export const ownFile = (name: string): string => `${FOLDER}${name}.yml`;

/** By the name of one of the package's own, or by the path of a file, which has a `/` or ends in .yml or .yaml. Throws an INVENTORY error for others. */
export const readScenario = async (name: string, cwd: string): Promise<AnyScenario> => {
  const isPath = isFile(name);
  const path = isPath ? resolve(cwd, name) : `${FOLDER}${name}.yml`;
  const text = await readFile(path, "utf8").catch(async (cause: unknown) => {
    const known = (await readdir(FOLDER)).filter((file) => file.endsWith(".yml")).map((file) => file.slice(0, -4));
    const why = isPath
      ? `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`
      : `there is none of that name (known: ${known.join(", ")}); a file of your own has a path, such as ./${name}.yml`;
    throw new XhostError("INVENTORY", `scenario ${name}: ${why}`, { cause });
  });
  return parseScenario(text, isPath ? name : `scenarios/${name}.yml`);
};
