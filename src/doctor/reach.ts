import type { Check } from "../inventory/inventory.ts";
import type { Host, Shell } from "../ssh/host.ts";
import { readAnswers, type Answers } from "./answers.ts";
import type { Endpoint, Finding } from "./finding.ts";
import { judge, type Expectation } from "./judge.ts";
import { listenScript, probeScript, stopScript, type ProbeJob } from "./probe-script.ts";

/** A check whose two ends are there. */
type Job = { readonly check: Check; readonly index: number; readonly from: Endpoint; readonly to: Endpoint };

/**
 * Makes the checks with real packets: each host sends from inside its containers' network namespaces, while a listener in
 * the namespace of every container that is pinged notes where the packets come from. One session per host, three
 * rounds: all listeners hear before the first packet leaves.
 */
export const reach = async (
  checks: readonly Check[],
  {
    hosts,
    endpoints,
    expect,
  }: { hosts: ReadonlyMap<string, Host>; endpoints: ReadonlyMap<string, Endpoint>; expect: Expectation },
): Promise<readonly Finding[]> => {
  const jobs = checks.flatMap((check, index) => jobOf(check, index, endpoints) ?? []);
  const listeners = [...new Set(jobs.filter((j) => j.check.probe.kind === "ping").map((j) => j.to))];
  const involved = new Set(jobs.flatMap(({ from, to }) => [from.host, to.host]));
  const shells = await Promise.all(
    [...hosts.values()]
      .filter(({ name }) => involved.has(name))
      .map(async (host) => ({ host: host.name, shell: await host.shell("check connectivity") })),
  );
  const answers: Answers = { probes: new Map(), sources: new Map() };
  const numbered = listeners.map(({ host, pid }, id) => ({ host, pid, id }));
  await Promise.all(
    shells.map(({ host, shell }) =>
      listen(
        shell,
        numbered.filter((l) => l.host === host),
        answers,
      ),
    ),
  );
  await Promise.all(
    shells.map(({ host, shell }) =>
      probe(
        shell,
        jobs.filter((j) => j.from.host === host),
        answers,
      ),
    ),
  );
  await Promise.all(shells.map(({ shell }) => stop(shell, answers)));
  const seen = new Map(listeners.map((to, id) => [to.ref, answers.sources.get(id)]));
  return checks.map((check, index) =>
    judge(check, {
      from: endpoints.get(check.from),
      to: endpoints.get(check.to),
      answer: answers.probes.get(index),
      sources: seen.get(check.to),
      sourceKept: expect(check),
    }),
  );
};

const jobOf = (check: Check, index: number, endpoints: ReadonlyMap<string, Endpoint>): Job | undefined => {
  const [from, to] = [endpoints.get(check.from), endpoints.get(check.to)];
  const runs = (end: Endpoint | undefined): end is Endpoint =>
    end !== undefined && end.pid !== 0 && Boolean(end.address);
  return runs(from) && runs(to) ? { check, index, from, to } : undefined;
};

const listen = async (
  shell: Shell,
  listeners: readonly { readonly id: number; readonly pid: number }[],
  answers: Answers,
): Promise<void> => {
  shell.send(listenScript(listeners));
  let waiting = listeners.length;
  if (waiting > 0) await readAnswers(shell, answers, (line) => /^[RN] /.test(line) && --waiting === 0);
};

const probe = async (shell: Shell, jobs: readonly Job[], answers: Answers): Promise<void> => {
  const orders = jobs.map(({ check, index, from, to }): ProbeJob => ({
    index,
    pid: from.pid,
    address: to.address ?? "",
    probe: check.probe,
  }));
  shell.send(probeScript(orders));
  await readAnswers(shell, answers, (line) => line === "E");
};

const stop = async (shell: Shell, answers: Answers): Promise<void> => {
  shell.send(stopScript);
  await readAnswers(shell, answers, () => false);
  await shell.close();
};
