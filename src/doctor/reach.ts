import { XhostError } from "../errors.ts";
import type { Check } from "../inventory/inventory.ts";
import type { Host, Shell } from "../ssh/host.ts";
import { readAnswers, type Answers } from "./answers.ts";
import type { Endpoint, Finding } from "./finding.ts";
import { judge, type Expectation } from "./judge.ts";
import { listenScript, probeScript, stopScript, type ProbeJob } from "./probe-script.ts";

/** A check whose two ends are there. */
type Job = {
  readonly check: Check;
  readonly index: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly pace: Pace;
};

/** Seconds before a check begins, and that it then may take. */
export type Pace = { readonly delay: number; readonly patience: number };

type Surroundings = {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly expect: Expectation;
  readonly pace: (check: Check) => Pace;
};

/**
 * Makes the checks with real packets: each host sends from inside its containers' network namespaces, while a listener in
 * the namespace of every container that is pinged notes where the packets come from. One session per host, three
 * rounds: all listeners hear before the first packet leaves.
 */
export const reach = async (
  checks: readonly Check[],
  { hosts, endpoints, expect, pace }: Surroundings,
): Promise<{ readonly findings: readonly Finding[]; readonly errors: readonly XhostError[] }> => {
  const jobs = jobsOf(checks, endpoints, pace);
  const listeners = [...new Set(jobs.filter((j) => j.check.probe.kind === "ping").map((j) => j.to))];
  const numbered = listeners.map(({ host, pid }, id) => ({ host, pid, id }));
  const involved = new Set(jobs.flatMap(({ from, to }) => [from.host, to.host]));
  const answers: Answers = { probes: new Map(), sources: new Map() };
  const shells = new Map<string, Shell>();
  const errors = new Map<string, XhostError>();
  /** One round on every host whose session stands; a host that fails is out of the next ones. */
  const round = (work: (host: Host) => Promise<void>): Promise<unknown> =>
    Promise.all(
      [...hosts.values()]
        .filter(({ name }) => involved.has(name) && !errors.has(name))
        .map((host) =>
          work(host).catch((error: unknown) => {
            if (!(error instanceof XhostError)) throw error;
            errors.set(host.name, error);
          }),
        ),
    );
  await round(async (host) => void shells.set(host.name, await host.shell("check connectivity")));
  await round(({ name }) =>
    listen(
      shellOf(shells, name),
      numbered.filter((l) => l.host === name),
      answers,
    ),
  );
  await round(({ name }) =>
    probe(
      shellOf(shells, name),
      jobs.filter((j) => j.from.host === name),
      answers,
    ),
  );
  await round(({ name }) => stop(shellOf(shells, name), answers));
  const sources = new Map(listeners.map((to, id) => [to.ref, answers.sources.get(id)]));
  const asked = new Map([...endpoints].filter(([, end]) => !errors.has(end.host)));
  const findings = checks.map((check, index) =>
    judge(check, {
      from: asked.get(check.from),
      to: asked.get(check.to),
      answer: answers.probes.get(index),
      sources: sources.get(check.to),
      sourceKept: expect(check),
    }),
  );
  return { findings, errors: [...errors.values()] };
};

const shellOf = (shells: ReadonlyMap<string, Shell>, name: string): Shell => {
  const shell = shells.get(name);
  if (shell === undefined) throw new TypeError(`no session on ${name}`);
  return shell;
};

/** A job for each check whose two ends are there. */
const jobsOf = (
  checks: readonly Check[],
  endpoints: ReadonlyMap<string, Endpoint>,
  pace: (check: Check) => Pace,
): readonly Job[] =>
  checks.flatMap((check, index) => {
    const ends = endsOf(check, endpoints);
    return ends === undefined ? [] : [{ check, index, ...ends, pace: pace(check) }];
  });

const endsOf = (check: Check, endpoints: ReadonlyMap<string, Endpoint>): Pick<Job, "from" | "to"> | undefined => {
  const [from, to] = [endpoints.get(check.from), endpoints.get(check.to)];
  const runs = (end: Endpoint | undefined): end is Endpoint =>
    end !== undefined && end.pid !== 0 && Boolean(end.address);
  return runs(from) && runs(to) ? { from, to } : undefined;
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
  const orders = jobs.map(({ check, index, from, to, pace }): ProbeJob => ({
    index,
    pid: from.pid,
    address: to.address ?? "",
    probe: check.probe,
    ...pace,
  }));
  shell.send(probeScript(orders));
  await readAnswers(shell, answers, (line) => line === "E");
};

const stop = async (shell: Shell, answers: Answers): Promise<void> => {
  shell.send(stopScript);
  await readAnswers(shell, answers, () => false);
  await shell.close();
};
