import { combined, extended, XhostError } from "../errors.ts";
import type { Report } from "../doctor/report.ts";
import { partText } from "../scenario/deploy-inventory.ts";
import type { DeployBreak, DeployScenario, Refused, Wanted } from "../scenario/deploy-scenario.ts";
import { deploySteps } from "../scenario/deploy-steps.ts";
import { isFile, ownFile } from "../scenario/library.ts";
import { notBroken } from "../scenario/run.ts";
import type { BreakResult, CheckResult, Result } from "../scenario/result.ts";
import { afterwards } from "../scenario/afterwards.ts";
import type { Step } from "../scenario/build.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { deploy } from "./deploy.ts";
import { destroy } from "./destroy.ts";
import { doctor } from "./doctor.ts";
import { plan } from "./plan.ts";
import { breakIt, mendIt } from "./scenario-deploy-break.ts";
import { checkAll } from "./scenario-deploy-checks.ts";
import type { Fleet } from "./scenario-fleet.ts";
import { leftOn, seenOf } from "./scenario-fleet-state.ts";
import type { DeployRun, Running } from "./scenario-running.ts";

/**
 * Plans what cannot work, deploys what does, checks each claim, breaks and mends it where that is wanted, and destroys it; also where anything
 * goes wrong and after an interrupt. Everything goes through the commands that a user has.
 */
export const runDeploy = async (
  scenario: DeployScenario,
  fleet: Fleet,
  options: DeployRun,
  outer: Context,
): Promise<Result> => {
  const { told, explain, keep } = options;
  const show = (text: string): void => (explain ? told.output(text) : undefined);
  // Only a deploy, which may pull an image, takes long enough to be watched.
  const loud = { ...outer, show, verbose: explain, onChange: () => undefined };
  const context = { ...loud, progress: { ...outer.progress, show: "silent" as const } };
  const target = { inventory: await fleet.write(scenario.deploy.wanted, `${scenario.name}.yml`), limit: undefined };
  const running: Running = { ...options, scenario, fleet, context, loud, target };
  if ((await removed(target, context)) || fleet.tookOver)
    told.note("What an earlier run had left was taken back first.");
  const before = await seenOf(fleet, scenario);
  const done = await act(running).catch(async (error: unknown) => {
    throw await afterwards(error, removed(target, calm(context)));
  });
  if (!keep) {
    tell(running, deploySteps(scenario).destroy);
    await removed(target, calm(context));
  }
  const left = keep ? undefined : await leftOn(fleet, scenario, before);
  return { name: scenario.name, host: [...fleet.stage.hosts.keys()].join(", "), ...done, left };
};

/** The way back is not to be interrupted. */
const calm = (context: Context): Context => ({
  ...context,
  progress: { ...context.progress, signal: new AbortController().signal },
});

type Done = Pick<Result, "steps" | "checks" | "causes" | "broken">;

const act = async (running: Running): Promise<Done> => {
  const { scenario, target, told, broken } = running;
  const { wanted, refused } = scenario.deploy;
  const steps = deploySteps(scenario);
  told.part("build");
  const cast = [...running.fleet.hosts].filter(([role, { host }]) => role !== host.name);
  if (cast.length > 0)
    told.note(`Its ${cast.map(([role, { host }]) => `${role} is ${host.name} here`).join(", its ")}.`);
  const first = refused === undefined ? [] : [await refusedPlan(running, refused)];
  explainInventory(running, wanted, `${scenario.name}.yml`);
  tell(running, steps.deploy);
  const deployed = deploy(target, running.loud, { yes: true, ...ASKED }).catch((error: unknown) => {
    if (!(error instanceof XhostError) || error.code !== "CONFLICT") throw error;
    throw extended(error, [
      `nothing was touched; names and addresses are the scenario's: to change them, run a copy of ${isFile(scenario.file) ? scenario.file : ownFile(scenario.name)}`,
    ]);
  });
  failed(await deployed);
  return running.recording(target, async () => {
    told.part("check");
    const checks = [...first, ...(await checkAll(running, scenario.checks, []))];
    const isWhole = checks.every(({ passed }) => passed);
    if (broken !== undefined && !isWhole) told.note(notBroken(broken));
    return {
      ...{ steps: [...(steps.refused === undefined ? [] : [steps.refused]), steps.deploy], checks, causes: [] },
      broken: broken !== undefined && isWhole ? await breakAndMend(running, broken) : undefined,
    };
  });
};

/** Plans it, and has it refused for the reason that is expected. */
const refusedPlan = async (running: Running, { claim, matches, wanted }: Refused): Promise<CheckResult> => {
  const { scenario, fleet, context, told } = running;
  const file = `${scenario.name}-refused.yml`;
  const inventory = await fleet.write(wanted, file);
  explainInventory(running, wanted, file);
  tell(running, deploySteps(scenario).refused);
  const seen = await plan({ inventory, limit: undefined }, context, { detailedExitcode: false, ...ASKED }).then(
    ({ errors = [] }) => errors.map(({ message }) => message).join("\n") || "it was planned like any other",
    (error: unknown) => {
      if (error instanceof XhostError && error.code !== "UNREACHABLE") return error.message;
      throw error;
    },
  );
  const result = { check: { claim }, passed: new RegExp(matches, "m").test(seen), seen, mustFail: false };
  told.check(result);
  return result;
};

const ASKED = { iKnow: false, reprobe: false };

const breakAndMend = async (running: Running, broken: DeployBreak): Promise<BreakResult> => {
  const { scenario, fleet, context, target, told } = running;
  const steps = deploySteps(scenario);
  // All of them: the others have to go on.
  const affected = scenario.checks;
  told.part(`break ${broken.name}: ${broken.title}`);
  await breakIt(running, broken);
  const checks = await checkAll(running, affected, broken.fails);
  tell(running, steps.doctor);
  const { findings } = (await doctor(target, context, { full: true, watch: undefined })).json as Report;
  const found = findings.map(({ host, id, seen }) => `${host}: ${id}: ${seen}`);
  // The scenario knows the hosts by its own names.
  const roles = new Map([...fleet.hosts].map(([role, { host }]) => [host.name, role]));
  const named = findings.some(({ host, id, seen }) =>
    new RegExp(broken.cause.matches).test(`${roles.get(host) ?? host}: ${id}: ${seen}`),
  );
  const { why, matches: wanted } = broken.cause;
  told.found({ found, named, wanted, why });
  told.part("mend");
  await mendIt(running, broken);
  tell(running, steps.mend);
  failed(await deploy(target, context, { yes: true, ...ASKED }));
  const healed = await checkAll(running, affected, []);
  return { name: broken.name, title: broken.title, checks, found, named, wanted, why, healed };
};

/** Removes what the project has on the hosts; tells whether there was anything. */
const removed = async (target: Target, context: Context): Promise<boolean> => {
  const outcome = await destroy(target, { ...context, show: () => undefined }, { yes: true, volumes: true });
  failed(outcome);
  return (outcome.json as { readonly summary: { readonly remove: number } }).summary.remove > 0;
};

/** Throws what failed on single hosts. */
const failed = ({ errors = [] }: Outcome): void => {
  if (errors.length > 0) throw combined(errors);
};

const tell = ({ explain, told }: Running, step: Step | undefined): void => {
  if (explain && step !== undefined) told.step(step);
};

const explainInventory = ({ explain, told, scenario, fleet }: Running, wanted: Wanted, file: string): void => {
  if (!explain) return;
  const { stage } = fleet;
  told.step({
    command: `cat ${file}`,
    does: "what is wanted, in one file; its part `hosts` says how to reach them",
    undo: undefined,
  });
  told.output(`...\n${partText(scenario, wanted, stage)}`);
};
