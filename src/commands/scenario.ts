import { XhostError } from "../errors.ts";
import { anyGround, compile } from "../scenario/compile.ts";
import { ownScenarios, readScenario } from "../scenario/library.ts";
import { mermaid, picture } from "../scenario/picture.ts";
import { hasPassed, type BreakResult, type CheckResult, type Result } from "../scenario/result.ts";
import { runScenario } from "../scenario/run.ts";
import type { Break, Scenario } from "../scenario/scenario.ts";
import type { Context, Outcome } from "./context.ts";
import { onPlace, type Where } from "./scenario-place.ts";
import { recordingFor } from "./scenario-recording.ts";
import { scenarioTold } from "./scenario-told.ts";
import { table } from "./table.ts";

/** The package's own scenarios. */
export const list = async (): Promise<Outcome> => {
  const all = await ownScenarios();
  const rows = all.map(({ name, title, breaks }) => [name, title, breaks.map((each) => each.name).join(", ")]);
  return {
    text: table(["SCENARIO", "SHOWS", "--break"], rows),
    json: all.map(({ name, title, breaks, file }) => ({ name, title, file, breaks: breaks.map((each) => each.name) })),
    code: 0,
  };
};

/** A scenario's picture, its commands and its claims; nothing is run. */
export const show = async (
  name: string,
  { isMermaid }: { readonly isMermaid: boolean },
  { cwd, paint }: Context,
): Promise<Outcome> => {
  const scenario = await readScenario(name, cwd);
  const { steps } = compile(scenario, anyGround);
  const text = isMermaid
    ? mermaid(scenario)
    : [
        paint(`${scenario.name}: ${scenario.title}`, "host"),
        "",
        scenario.about.trimEnd(),
        "",
        picture(scenario),
        "",
        "What it does:",
        ...steps.flatMap(({ command, does }) => [`  ${command}`, paint(`      ${does}`, "command")]),
        "",
        "What it shows:",
        ...scenario.checks.map(({ claim, expect }) => `  ${expect === "fails" ? "not: " : ""}${claim}`),
        ...scenario.breaks.map((each) => `  --break ${each.name}: ${each.title}`),
      ].join("\n");
  const json = {
    ...{
      name: scenario.name,
      title: scenario.title,
      about: scenario.about,
      picture: picture(scenario),
      mermaid: mermaid(scenario),
    },
    steps: steps.map(({ command, does, undo }) => ({ command, does, undo: undo ?? null })),
    checks: scenario.checks.map(({ claim }) => claim),
    breaks: scenario.breaks.map(({ name: word, title }) => ({ name: word, title })),
  };
  return { text, json, code: 0 };
};

/** How a scenario is run, as the command line has it. */
export type RunWords = {
  readonly where: Where;
  readonly explain: boolean;
  readonly keep: boolean;
  readonly broken: string | undefined;
  readonly capture: string | undefined;
  readonly version: string;
  readonly json: boolean;
};

/** Builds a scenario on a host, proves its claims, and takes it back. */
export const run = async (name: string, words: RunWords, context: Context): Promise<Outcome> => {
  const { where, explain, keep, capture, json } = words;
  if (capture === "-" && json)
    throw new XhostError("INVENTORY", "--json: its document and the packets of `--capture -` cannot both go to stdout");
  const scenario = await readScenario(name, context.cwd);
  const broken = breakOf(scenario, words.broken);
  const recording = await recordingFor(words, context);
  context.onChange();
  // The packets have stdout; what people read goes to stderr then.
  const told = scenarioTold(scenario, capture === "-" ? { ...context, show: context.note } : context);
  const result = await onPlace(where, { scenario, keep }, context, (host, isLocal) =>
    runScenario(host, scenario, { broken, explain, keep, isLocal, signal: context.progress.signal, told, recording }),
  );
  told.end(result, where);
  return { text: "", json: documentOf(result), code: hasPassed(result) ? 0 : 1 };
};

const breakOf = ({ name, breaks }: Scenario, word: string | undefined): Break | undefined => {
  const found = breaks.find((each) => each.name === word);
  if (word === undefined || found !== undefined) return found;
  const known = breaks.map((each) => each.name).join(", ");
  throw new XhostError(
    "INVENTORY",
    `--break ${word}: scenario ${name} has ${known === "" ? "nothing to break" : `only ${known}`}`,
  );
};

const documentOf = (result: Result): object => {
  const checks = (all: readonly CheckResult[]): object =>
    all.map(({ check, passed, seen }) => ({ claim: check.claim, passed, seen }));
  const broken = (each: BreakResult): object => ({
    ...{
      name: each.name,
      title: each.title,
      checks: checks(each.checks),
      found: each.found,
      named: each.named,
      why: each.why,
    },
    healed: checks(each.healed),
  });
  return {
    ...{ name: result.name, host: result.host, passed: hasPassed(result) },
    steps: result.steps.map(({ command, does }) => ({ command, does })),
    checks: checks(result.checks),
    broken: result.broken === undefined ? null : broken(result.broken),
    left: result.left ?? null,
  };
};
