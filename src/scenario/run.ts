import { heredoc } from "../plan/heredoc.ts";
import { afterwards } from "./afterwards.ts";
import type { Step } from "./build.ts";
import { causeOf } from "./cause.ts";
import { captureCheck } from "./check-capture.ts";
import { judge } from "./check-judge.ts";
import { checkScript, pingOf } from "./check-script.ts";
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
  const work = async (): Promise<{ readonly before: HostState; readonly done: Done }> => {
    const before = await stateOf(host, about);
    return { before, done: await buildAndCheck(running) };
  };
  const { before, done } = await work().catch(async (error: unknown) => {
    throw await afterwards(error, guard.end());
  });
  await (options.keep ? guard.keep() : guard.end());
  const left = options.keep ? undefined : differences(before, await stateOf(host, about));
  return { name: scenario.name, host: host.name, ...done, left };
};

const sysctlsOf = ({ nodes, breaks }: Scenario): readonly string[] =>
  [...nodes, ...breaks.map((each) => each.host)].flatMap(({ sysctls }) => [...sysctls.keys()]);

type Done = Pick<Result, "steps" | "checks" | "broken">;

const buildAndCheck = async (running: Running): Promise<Done> => {
  const { host, scenario, broken, told, signal, isLocal } = running;
  const found = await lookAt(host, scenario, broken);
  refuseUnfit(host, scenario, found, isLocal);
  const build = compile(scenario, found);
  await refuseTaken(host, scenario, build);
  signal.throwIfAborted();
  await wayBack(running, build.steps, []);
  told.part("build");
  await doSteps(running, build.steps, "begun");
  return running.recording(scenario, host, async () => {
    told.part("check");
    const checks = await checkAll(running, scenario.checks, []);
    return { steps: build.steps, checks, broken: broken && (await breakAndMend(running, build.steps, broken)) };
  });
};

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
    const { holds, seen } = await checkOne(running, check);
    const hasToFail = (check.expect === "fails") !== fails.includes(check.claim);
    const result = { check, passed: holds !== hasToFail, seen };
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
  const affected = scenario.checks.filter(({ claim }) => broken.fails.includes(claim));
  const breaking = compileBreak(broken, scenario, await lookAt(host, scenario, broken));
  await wayBack(running, steps, breaking);
  told.part(`break ${broken.name}: ${broken.title}`);
  await doSteps(running, breaking, "broken");
  const checks = await checkAll(running, affected, broken.fails);
  const pings = affected.flatMap((check) => pingOf(check) ?? []);
  const found = await causeOf(host, scenario, pings);
  const named = found.some((text) => new RegExp(broken.cause.matches).test(text));
  const { why } = broken.cause;
  told.found({ found, named, why });
  told.part("mend");
  await mendGuarded(running, breaking);
  const healed = await checkAll(running, affected, []);
  return { name: broken.name, title: broken.title, checks, found, named, why, healed };
};
