import { XhostError } from "../errors.ts";
import { isDeploy, type DeployScenario } from "../scenario/deploy-scenario.ts";
import { ownFile, ownScenarios, readScenario } from "../scenario/library.ts";
import { hasPassed, type BreakResult, type CheckResult, type Result, type Told } from "../scenario/result.ts";
import { runScenario } from "../scenario/run.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { Context, Outcome } from "./context.ts";
import { runDeploy } from "./scenario-deploy.ts";
import { onFleet, type Chosen } from "./scenario-fleet.ts";
import { keptLabs, onOwnLab } from "./scenario-lab.ts";
import { keptHere, onPlace, type Where } from "./scenario-place.ts";
import { fleetRecordingFor, recordingFor } from "./scenario-recording.ts";
import { scenarioTold } from "./scenario-told.ts";
import { table } from "./table.ts";

/** The package's own scenarios. */
export const list = async (): Promise<Outcome> => {
  const all = await ownScenarios();
  const rows = all.map(({ name, title, breaks }) => [name, title, breaks.map((each) => each.name).join(", ")]);
  const kept = [...(await keptHere()), ...(await keptLabs(all.map(({ name }) => name)))];
  const told = kept.length === 0 ? [] : ["", `Kept on this machine: ${kept.join(", ")} (xhost scenario clean NAME)`];
  return {
    text: [table(["SCENARIO", "SHOWS", "--break"], rows), ...told].join("\n"),
    json: all.map(({ name, title, breaks }) => ({
      ...{ name, title, file: ownFile(name), breaks: breaks.map((each) => each.name) },
      kept: kept.includes(name),
    })),
    code: 0,
  };
};

/** How a scenario is run, as the command line has it. */
export type RunWords = {
  readonly where: Where;
  readonly explain: boolean;
  readonly keep: boolean;
  readonly install: boolean;
  readonly broken: string | undefined;
  readonly capture: string | undefined;
  readonly version: string;
  readonly json: boolean;
};

/** Builds a scenario where it is wanted, proves its claims, and takes it back. */
export const run = async (name: string, words: RunWords, context: Context): Promise<Outcome> => {
  const { where, capture, json } = words;
  if (capture === "-" && json)
    throw new XhostError("INVENTORY", "--json: its document and the packets of `--capture -` cannot both go to stdout");
  const scenario = await readScenario(name, context.cwd);
  // The packets have stdout; what people read goes to stderr then.
  const told = scenarioTold(scenario, capture === "-" ? { ...context, show: context.note } : context);
  context.onChange("what was done was taken back");
  const result = isDeploy(scenario)
    ? await runOnFleet(scenario, words, { ...context, told })
    : await runOnPlace(scenario, words, { ...context, told });
  told.end(result, where);
  return { text: "", json: documentOf(result), code: hasPassed(result) ? 0 : 1 };
};

type Telling = Context & { readonly told: Told };

const runOnPlace = async (scenario: Scenario, words: RunWords, context: Telling): Promise<Result> => {
  const { where, explain, keep } = words;
  const { told, progress } = context;
  const broken = breakOf(scenario, words.broken);
  if (words.install)
    throw new XhostError(
      "INVENTORY",
      "--install: is for the lab of a scenario that takes several hosts; this one takes one",
    );
  const recording = await recordingFor(words, context);
  return onPlace(where, { scenario, keep }, context, (host, isLocal) =>
    runScenario(host, scenario, { broken, explain, keep, isLocal, signal: progress.signal, told, recording }),
  );
};

const runOnFleet = async (scenario: DeployScenario, words: RunWords, context: Telling): Promise<Result> => {
  const { where, explain, keep, install } = words;
  const { name, deploy } = scenario;
  const broken = breakOf(scenario, words.broken);
  const recording = fleetRecordingFor(words, scenario, context);
  const onHosts = (chosen: Chosen): Promise<Result> =>
    onFleet(chosen, { scenario, keep }, context, (fleet) =>
      runDeploy(scenario, fleet, { broken, explain, keep, told: context.told, recording }, context),
    );
  if (where.kind === "hosts") return onHosts(where);
  const lab = { name, hosts: deploy.hosts.length, keep, install };
  return onOwnLab(lab, context, (inventory) => onHosts({ inventory, names: [] }));
};

const breakOf = <T extends { readonly name: string }>(
  { name, breaks }: { readonly name: string; readonly breaks: readonly T[] },
  word: string | undefined,
): T | undefined => {
  const found = breaks.find((each) => each.name === word);
  if (word === undefined || found !== undefined) return found;
  const known = breaks.map((each) => each.name).join(", ");
  throw new XhostError(
    "INVENTORY",
    `--break ${word}: scenario ${name} has ${known === "" ? "nothing to break" : `one of ${known}`}`,
  );
};

const documentOf = (result: Result): object => {
  const checks = (all: readonly CheckResult[]): object =>
    all.map(({ check, passed, seen, mustFail }) => ({ claim: check.claim, passed, seen, mustFail }));
  const broken = (each: BreakResult): object => ({
    ...{
      name: each.name,
      title: each.title,
      checks: checks(each.checks),
      found: each.found,
      named: each.named,
      wanted: each.wanted,
      why: each.why,
    },
    healed: checks(each.healed),
  });
  return {
    ...{ name: result.name, host: result.host, passed: hasPassed(result) },
    steps: result.steps.map(({ command, does }) => ({ command, does })),
    checks: checks(result.checks),
    causes: result.causes,
    broken: result.broken === undefined ? null : broken(result.broken),
    left: result.left ?? null,
  };
};
