import type { Step } from "../scenario/build.ts";
import type { DeployBreak } from "../scenario/deploy-scenario.ts";
import { doGuarded, mendGuarded, writeWayBack, type Guarded } from "../scenario/guarded-steps.ts";
import type { Exec } from "../scenario/scenario.ts";
import type { Running } from "./scenario-running.ts";

/** Does what breaks it, each command on its host, where the guard knows the way back before. */
export const breakIt = async (running: Running, broken: DeployBreak): Promise<void> => {
  const { explain, told, context } = running;
  for (const { at, steps } of byHost(running, broken)) await writeWayBack(at, { steps: [], broken: steps });
  const count = new Map<string, number>();
  for (const exec of broken.exec) {
    context.progress.signal.throwIfAborted();
    const at = running.fleet.hosts.get(exec.in);
    if (at === undefined) throw new TypeError(`no host ${exec.in}`);
    const step = stepOf(exec, at);
    if (explain) told.step(step);
    const first = (count.get(exec.in) ?? 0) + 1;
    count.set(exec.in, first);
    const output = await doGuarded(at, [step], { file: "broken", first });
    if (explain && output.trim() !== "") told.output(output.trimEnd());
  }
};

/** Takes back what the scenario says how to. */
export const mendIt = async (running: Running, broken: DeployBreak): Promise<void> => {
  const { explain, told, fleet } = running;
  for (const { in: role, undo } of broken.exec.toReversed()) {
    const does = `on ${fleet.hosts.get(role)?.host.name ?? role}: takes back what was broken`;
    if (explain && undo !== undefined) told.step({ command: undo, does, undo: undefined });
  }
  for (const { at, steps } of byHost(running, broken))
    for (const failure of await mendGuarded(at, steps)) told.note(failure);
};

type OnHost = { readonly at: Guarded; readonly steps: readonly Step[] };

const byHost = ({ fleet }: Running, { exec }: DeployBreak): readonly OnHost[] =>
  [...fleet.hosts].flatMap(([role, at]) => {
    const steps = exec.filter((each) => each.in === role).map((each) => stepOf(each, at));
    return steps.length === 0 ? [] : [{ at, steps }];
  });

const stepOf = ({ run, undo, why }: Exec, { host }: Guarded): Step => ({
  command: run,
  does: `on ${host.name}: ${why}`,
  undo,
  isPartial: true,
});
