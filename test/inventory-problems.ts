import { expect } from "vitest";
import { XhostError } from "../src/errors.ts";
import { parseInventory } from "../src/inventory/parse.ts";

/** One line per bad input: the text, and the whole message or what it looks like. */
export type Refused = readonly [text: string, message: string | RegExp];

/** What is wrong with an inventory `i.yml`, a line each; none for one that is right. */
export const problems = (text: string, env: Record<string, string> = {}): string[] => {
  try {
    parseInventory(text, { file: "i.yml", env });
    return [];
  } catch (error) {
    if (!(error instanceof XhostError)) throw error;
    expect(error.code).toBe("INVENTORY");
    return error.message.split("\n");
  }
};

/** Among the problems of the text is the message. */
export const expectRefused = (...[text, message]: Refused): void => {
  const found = problems(text);
  const wanted = found.find((line) => (typeof message === "string" ? line === message : message.test(line)));
  expect(wanted, found.join("\n")).toBeDefined();
};
