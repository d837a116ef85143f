import { XhostError } from "../errors.ts";
import type { Check } from "../inventory/inventory.ts";
import type { Host, Shell } from "../ssh/host.ts";
import { readAnswers, type Answers } from "./answers.ts";
import type { Expected } from "./expected.ts";
import type { Endpoint, Finding } from "./finding.ts";
import { judge } from "./judge.ts";
import { callsOf, pingsOf, speakersOf, type Job, type Located } from "./jobs.ts";
import { listenScript, probeScript, stopScript, type CallJob } from "./probe-script.ts";

/** An echo request from one host's own address to another's. */
export type HostPing = { readonly from: string; readonly to: string; readonly address: string };

type Surroundings = Expected & {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** Sent in the same round. */
  readonly hostPings?: readonly HostPing[] | undefined;
};

type Reached = {
  readonly findings: readonly Finding[];
  readonly errors: readonly XhostError[];
  /** Whether the other host answered, for those that could be asked. */
  readonly answered: ReadonlyMap<HostPing, boolean>;
};

/**
 * Makes the checks with real packets: one program in the network namespace of each container sends all of its pings and notes where
 * the others' come from. One session per host, three rounds: all hear before the first packet leaves.
 */
export const reach = async (checks: readonly Check[], around: Surroundings): Promise<Reached> => {
  const { hosts, endpoints, expect, hostPings = [] } = around;
  const jobs = jobsOf(checks, around);
  const pings = pingsOf(jobs, { checks: checks.length, hostPings, full: around.full });
  const speakers = speakersOf(pings, jobs);
  const calls = callsOf(jobs);
  const answers: Answers = { probes: new Map(), sources: new Map() };
  const errors = await inRounds(hosts, { speakers, calls }, answers);
  const asked = new Map([...endpoints].filter(([, end]) => !errors.has(end.host)));
  const sent = new Set(pings.map(({ index }) => index));
  const speakerAt = new Map(speakers.map(({ host, pid, id }) => [`${host} ${pid}`, id]));
  const findings = checks.map((check, index) => {
    const to = asked.get(check.to);
    return judge(check, {
      from: asked.get(check.from),
      to,
      answer: answers.probes.get(index),
      full: sent.has(checks.length + index) ? answers.probes.get(checks.length + index) : undefined,
      fullSize: around.full(check),
      sources:
        to === undefined || to.pid === 0 ? undefined : answers.sources.get(speakerAt.get(`${to.host} ${to.pid}`) ?? -1),
      sourceKept: expect(check),
    });
  });
  const answered = hostPings.flatMap((ping, i): [HostPing, boolean][] => {
    const answer = answers.probes.get(2 * checks.length + i);
    return answer === undefined || errors.has(ping.from) ? [] : [[ping, answer.ok]];
  });
  return { findings, errors: [...errors.values()], answered: new Map(answered) };
};

type Work = { readonly speakers: readonly Located[]; readonly calls: readonly (CallJob & { readonly host: string })[] };

/** A host that fails is out of the next rounds; what it had to say is missing. */
const inRounds = async (
  hosts: ReadonlyMap<string, Host>,
  { speakers, calls }: Work,
  answers: Answers,
): Promise<ReadonlyMap<string, XhostError>> => {
  const involved = new Set([...speakers, ...calls].map(({ host }) => host));
  const shells = new Map<string, Shell>();
  const errors = new Map<string, XhostError>();
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
  const of = <T extends { readonly host: string }>(all: readonly T[], name: string): readonly T[] =>
    all.filter((each) => each.host === name);
  await round(async (host) => void shells.set(host.name, await host.shell("check connectivity")));
  await round(({ name }) => listen(shellOf(shells, name), of(speakers, name), answers));
  await round(({ name }) =>
    probe(shellOf(shells, name), { speakers: of(speakers, name), calls: of(calls, name) }, answers),
  );
  await round(({ name }) => stop(shellOf(shells, name), answers));
  return errors;
};

const shellOf = (shells: ReadonlyMap<string, Shell>, name: string): Shell => {
  const shell = shells.get(name);
  if (shell === undefined) throw new TypeError(`no session on ${name}`);
  return shell;
};

/** A job for each check whose two ends are there. */
const jobsOf = (checks: readonly Check[], { endpoints, pace }: Surroundings): readonly Job[] =>
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

const listen = async (shell: Shell, speakers: readonly Located[], answers: Answers): Promise<void> => {
  shell.send(listenScript(speakers));
  let waiting = speakers.length;
  if (waiting > 0) await readAnswers(shell, answers, (line) => /^[RN] /.test(line) && --waiting === 0);
};

const probe = async (shell: Shell, { speakers, calls }: Work, answers: Answers): Promise<void> => {
  const open = new Set(speakers.flatMap(({ jobs }) => jobs.map(({ index }) => index)));
  let isCalling = true;
  shell.send(probeScript(calls));
  await readAnswers(shell, answers, (line) => {
    const [kind, id] = line.split(" ");
    if (kind === "E") isCalling = false;
    if (kind === "P") open.delete(Number(id));
    return !isCalling && open.size === 0;
  });
};

const stop = async (shell: Shell, answers: Answers): Promise<void> => {
  shell.send(stopScript);
  await readAnswers(shell, answers, () => false);
  await shell.close();
};
