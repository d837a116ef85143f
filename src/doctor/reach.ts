import { XhostError } from "../errors.ts";
import type { Check } from "../inventory/inventory.ts";
import type { Host, Shell } from "../ssh/host.ts";
import { failed, type Endpoint, type Finding } from "./finding.ts";
import { listenScript, probeScript, stopScript, type ProbeJob } from "./probe-script.ts";
import { readAnswers, type Answers } from "./answers.ts";

/** What reach needs to know about a pair besides the two ends. */
export type Expectation = (check: Check) => {
  /** Whether the packets must come in with the container's own address. */
  readonly sourceKept: boolean;
};

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
  const jobs = checks.map((check, index) => ({ check, index, ...ends(check, endpoints) }));
  const ready = jobs.filter((job) => job.why === undefined);
  const listeners = [...new Set(ready.filter((j) => j.check.probe.kind === "ping").map((j) => j.check.to))];
  const ids = new Map(listeners.map((ref, id) => [id, ref]));
  const involved = [...new Set(ready.flatMap(({ from, to }) => [from?.host ?? "", to?.host ?? ""]))];
  const shells = await Promise.all(
    involved.map(async (name): Promise<readonly [string, Shell]> => {
      const host = hosts.get(name);
      if (host === undefined) throw new TypeError(`no connection to ${name}`);
      return [name, await host.shell("check connectivity")];
    }),
  );
  const pidOf = (ref: string): number => endpoints.get(ref)?.pid ?? 0;
  const here = (host: string): { id: number; pid: number }[] =>
    [...ids].filter(([, ref]) => endpoints.get(ref)?.host === host).map(([id, ref]) => ({ id, pid: pidOf(ref) }));
  const answers: Answers = { probes: new Map(), sources: new Map() };
  await Promise.all(shells.map(([host, shell]) => listen(shell, here(host), answers)));
  await Promise.all(
    shells.map(async ([host, shell]) => {
      const own = ready.filter((j) => j.from?.host === host);
      shell.send(
        probeScript(
          own.map(({ check, index, from, to }): ProbeJob => ({
            index,
            pid: from?.pid ?? 0,
            address: to?.address ?? "",
            probe: check.probe,
          })),
        ),
      );
      await readAnswers(shell, answers, (line) => line === "E");
    }),
  );
  await Promise.all(shells.map(([, shell]) => stop(shell, answers)));
  return jobs.map(({ check, index, from, to, why }) =>
    why !== undefined ? failed(check, to?.address, why) : finding(check, { index, from, to, answers, ids, expect }),
  );
};

type Ends = {
  readonly from: Endpoint | undefined;
  readonly to: Endpoint | undefined;
  readonly why: string | undefined;
};

const ends = (check: Check, endpoints: ReadonlyMap<string, Endpoint>): Ends => {
  const [from, to] = [endpoints.get(check.from), endpoints.get(check.to)];
  const away = from === undefined ? check.from : to === undefined ? check.to : undefined;
  if (away !== undefined) return { from, to, why: `not checked: the host of ${away} is not there` };
  const down = [from, to].find((end) => end?.pid === 0 || end?.address === undefined || end.address === "");
  return {
    from,
    to,
    why: down === undefined ? undefined : `${down.ref} on ${down.host} is not running: ${down.state}`,
  };
};

const listen = async (
  shell: Shell,
  listeners: readonly { id: number; pid: number }[],
  answers: Answers,
): Promise<void> => {
  shell.send(listenScript(listeners));
  let waiting = listeners.length;
  if (waiting > 0) await readAnswers(shell, answers, (line) => /^[RN] /.test(line) && --waiting === 0);
};

const stop = async (shell: Shell, answers: Answers): Promise<void> => {
  shell.send(stopScript);
  await readAnswers(shell, answers, () => false);
  await shell.close();
};

type Seen = {
  readonly index: number;
  readonly from: Endpoint | undefined;
  readonly to: Endpoint | undefined;
  readonly answers: Answers;
  readonly ids: ReadonlyMap<number, string>;
  readonly expect: Expectation;
};

const finding = (check: Check, { index, from, to, answers, ids, expect }: Seen): Finding => {
  const answer = answers.probes.get(index) ?? { ok: false, rtt: undefined, note: "no answer" };
  if (from === undefined || to === undefined)
    throw new XhostError("REMOTE", `${check.from} or ${check.to} is not known`);
  const id = [...ids].find(([, ref]) => ref === check.to)?.[0] ?? -1;
  const seen = answers.sources.get(id);
  const base = { ...check, address: to.address, rtt: answer.rtt };
  if (!answer.ok) return { ...base, ok: false, source: undefined, note: answer.note };
  if (check.probe.kind !== "ping" || seen === undefined)
    return { ...base, ok: true, source: undefined, note: answer.note };
  if (seen.has(from.address ?? "")) return { ...base, ok: true, source: from.address, note: "" };
  const source = [...seen].join(" or ");
  if (!expect(check).sourceKept) return { ...base, ok: true, source, note: "masqueraded" };
  return { ...base, ok: false, source, note: `arrives, but not with its own address ${from.address ?? ""}` };
};
