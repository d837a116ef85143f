import { heredoc } from "../plan/heredoc.ts";
import { afterwards } from "./afterwards.ts";
import type { Step } from "./build.ts";
import { causeOf } from "./cause.ts";
import { captureCheck } from "./check-capture.ts";
import { judge } from "./check-judge.ts";
import { checkScript, commandOf, pingOf } from "./check-script.ts";
import { compile, compileBreak } from "./compile.ts";
import { lookAt, refuseUnfit } from "./ground.ts";
import { arm, type Guard, type Place } from "./guard.ts";
import { doGuarded, mendGuarded, writeWayBack } from "./guarded-steps.ts";
import type { BreakResult, CheckResult, Result, Told } from "./result.ts";
import type { Break, Check, Scenario } from "./scenario.ts";
import { differences, stateOf, type HostState } from "./state.ts";
import { refuseTaken } from "./taken.ts";
import { TUNTAP } from "./tuntap.ts";

/** How a scenario is run. */
export type RunOptions = {
  readonly broken: Break | undefined;
  /** Every command alone, told before it runs. */
  readonly explain: boolean;
  readonly keep: boolean;
  readonly isLocal: boolean;
  readonly signal: AbortSignal;
  readonly told: Told;
  /** Runs the checks, while it records what it likes. */
  readonly recording: <T>(scenario: Scenario, host: Place, work: () => Promise<T>) => Promise<T>;
};

type Running = RunOptions & { readonly host: Place; readonly scenario: Scenario; readonly guard: Guard };

/**
 * Builds the scenario on the host, checks each of its claims, breaks and mends it where that is wanted, and takes it back; also where
 * anything goes wrong, or the signal comes between two commands (its reason is thrown then, when all is taken back).
 */
export const runScenario = async (host: Place, scenario: Scenario, options: RunOptions): Promise<Result> => {
  const guard = await arm(host, scenario.name);
  const running: Running = { ...options, host, scenario, guard };
  const { told } = options;
  if (guard.tookOver !== undefined) told.note(`What a run of ${guard.tookOver} had left was taken back first.`);
  const about = { name: scenario.name, sysctls: sysctlsOf(scenario) };
  const begun = { steps: false };
  const work = async (): Promise<{ readonly before: HostState; readonly done: Done }> => {
    const before = await stateOf(host, about);
    return { before, done: await buildAndCheck(running, begun) };
  };
  const { before, done } = await work().catch(async (error: unknown) => {
    throw await afterwards(error, guard.end(), begun.steps ? "what was done was taken back" : undefined);
  });
  await (options.keep ? guard.keep() : guard.end());
  const left = options.keep ? undefined : differences(before, await stateOf(host, about));
  return { name: scenario.name, host: host.name, ...done, left };
};

const sysctlsOf = ({ nodes, breaks }: Scenario): readonly string[] =>
  [...nodes, ...breaks.map((each) => each.host)].flatMap(({ sysctls }) => [...sysctls.keys()]);

type Done = Pick<Result, "steps" | "checks" | "causes" | "broken">;

const buildAndCheck = async (running: Running, begun: { steps: boolean }): Promise<Done> => {
  const { host, scenario, broken, told, signal, isLocal } = running;
  const found = await lookAt(host, scenario, { broken, isLocal });
  refuseUnfit(host, scenario, found, isLocal);
  const build = compile(scenario, found);
  await refuseTaken(host, scenario, build);
  signal.throwIfAborted();
  await wayBack(running, build.steps, []);
  told.part("build");
  begun.steps = true;
  await doSteps(running, build.steps, "begun");
  return running.recording(scenario, host, async () => {
    told.part("check");
    const checks = await checkAll(running, scenario.checks, []);
    const failed = scenario.checks.filter((check) => checks.some((each) => each.check === check && !each.passed));
    const lost = failed.filter(({ expect }) => expect === "passes").flatMap((check) => pingOf(check) ?? []);
    const causes = lost.length === 0 ? [] : await causeOf(host, scenario, lost);
    told.causes(causes);
    if (broken !== undefined && failed.length > 0) told.note(notBroken(broken));
    const isWhole = broken !== undefined && failed.length === 0;
    return {
      ...{ steps: build.steps, checks, causes },
      broken: isWhole ? await breakAndMend(running, build.steps, broken) : undefined,
    };
  });
};

/** A check that fails already would pass for one that fails by the break. */
export const notBroken = ({ name }: { readonly name: string }): string =>
  `--break ${name}: nothing was broken, because a check had failed before`;

/** What the processes behind tun and tap devices run goes along. */
const wayBack = (running: Running, steps: readonly Step[], broken: readonly Step[]): Promise<void> =>
  writeWayBack(running, { steps, broken, more: heredoc("cat >tuntap.pl", [TUNTAP]) });

const doSteps = async (running: Running, steps: readonly Step[], file: string): Promise<void> => {
  const { explain, told, signal } = running;
  if (!explain) {
    await doGuarded(running, steps, { file, first: 1 });
    return;
  }
  for (const [i, step] of steps.entries()) {
    signal.throwIfAborted();
    told.step(step);
    const output = await doGuarded(running, [step], { file, first: i + 1 });
    if (output.trim() !== "") told.output(output.trimEnd());
  }
};

/** One after the other, each told at once; those of `fails` have to fail. */
const checkAll = async (
  running: Running,
  checks: readonly Check[],
  fails: readonly string[],
): Promise<readonly CheckResult[]> => {
  const results: CheckResult[] = [];
  for (const check of checks) {
    running.signal.throwIfAborted();
    const command = commandOf(check, running.scenario);
    if (running.explain && command !== undefined) running.told.output(`$ ${command}`);
    const { holds, seen } = await checkOne(running, check);
    const mustFail = fails.includes(check.claim);
    const result = { check, passed: holds !== ((check.expect === "fails") !== mustFail), seen, mustFail };
    running.told.check(result);
    results.push(result);
  }
  return results;
};

const checkOne = async ({ host, scenario, guard }: Running, check: Check) => {
  if (check.kind === "capture") return captureCheck(host, scenario, check);
  const script = `cd ${guard.folder} || exit 1\n${checkScript(check, scenario)}`;
  return judge(check, await host.run(script, check.claim));
};

const breakAndMend = async (running: Running, steps: readonly Step[], broken: Break): Promise<BreakResult> => {
  const { host, scenario, told } = running;
  // All of them: the others have to go on.
  const affected = scenario.checks;
  const breaking = compileBreak(broken, scenario, await lookAt(host, scenario, { broken, isLocal: running.isLocal }));
  await wayBack(running, steps, breaking);
  told.part(`break ${broken.name}: ${broken.title}`);
  await doSteps(running, breaking, "broken");
  const checks = await checkAll(running, affected, broken.fails);
  const pings = affected.filter(({ claim }) => broken.fails.includes(claim)).flatMap((check) => pingOf(check) ?? []);
  const found = await causeOf(host, scenario, pings);
  const named = found.some((text) => new RegExp(broken.cause.matches).test(text));
  const { why, matches: wanted } = broken.cause;
  told.found({ found, named, wanted, why });
  told.part("mend");
  if (running.explain)
    for (const { undo, does } of breaking.toReversed())
      if (undo !== undefined) told.step({ command: undo, does: `undoes: ${does}`, undo: undefined });
  for (const failure of await mendGuarded(running, breaking)) told.note(failure);
  const healed = await checkAll(running, affected, []);
  return { name: broken.name, title: broken.title, checks, found, named, wanted, why, healed };
};
