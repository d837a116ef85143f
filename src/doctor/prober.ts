import { setTimeout as sleep } from "node:timers/promises";
import { XhostError } from "../errors.ts";
import type { Host, Shell } from "../ssh/host.ts";
import { parseSaid, workedLine, type Probe } from "./measure-lines.ts";
import { proberScript, type Run } from "./prober-script.ts";

/** A program on a host that sends probes and hears those of the others. */
export type Prober = {
  /** Orders what the lines say; resolves when it has been sent, or the prober is lost. */
  readonly send: (lines: readonly string[]) => Promise<void>;
  /** Ends the program and, unless it is lost, waits for its end. Never throws an XhostError. */
  readonly close: () => Promise<void>;
};

/** What becomes of a prober is told as it comes: probes heard, and once the error after which nothing more is to be had. */
export type Listener = {
  readonly heard: (probes: readonly Probe[]) => void;
  readonly lost: (error: XhostError) => void;
};

const WHAT = "measure what the fabric passes";

/** Seconds for a start and for a burst. The others' probers live on meanwhile, so no host may use up their life. */
const PATIENCE = 10;

/** Resolves when the prober hears. Rejects with a REMOTE XhostError where a host has no program or no right to do so. */
export const startProber = async (host: Host, run: Run, { heard, lost }: Listener): Promise<Prober> => {
  const shell = await start(host, run);
  const orders: (() => void)[] = [];
  let state: "running" | "closing" | "lost" = "running";
  const lose = (error: XhostError): void => {
    if (state !== "lost") lost(error);
    state = "lost";
    for (const worked of orders.splice(0)) worked();
  };
  const read = async (): Promise<void> => {
    for (let line = await shell.nextLine(); line !== undefined; line = await shell.nextLine()) {
      const said = parseSaid(line);
      if (said?.kind === "got") heard(said.probes);
      if (said?.kind === "worked") orders.shift()?.();
    }
    if (state === "running") throw failure(host, `the prober ended early (it lives ${run.life} s)`);
  };
  const reading = read().catch((error: unknown) => lose(expected(error)));
  return {
    send: async (lines) => {
      if (state !== "running") return;
      const worked = new Promise<void>((resolve) => orders.push(resolve));
      shell.send([...lines, workedLine, ""].join("\n"));
      if ((await within(PATIENCE, worked)) === "late") lose(failure(host, `no answer within ${PATIENCE} s`));
    },
    close: async () => {
      const ended = Promise.all([shell.close().catch((error: unknown) => lose(expected(error))), reading]);
      // One that does not answer may not end either, before its life is over.
      if (state === "lost") return;
      state = "closing";
      await ended;
    },
  };
};

const start = async (host: Host, run: Run): Promise<Shell> => {
  const starting = begin(host, run);
  const shell = await within(PATIENCE, starting);
  if (shell !== "late") return shell;
  starting.then((late) => late.close()).catch(() => undefined);
  throw failure(host, `the prober does not start within ${PATIENCE} s`);
};

const begin = async (host: Host, run: Run): Promise<Shell> => {
  const shell = await host.shell(WHAT);
  shell.send(proberScript(run));
  for (let line = await shell.nextLine(); line !== undefined; line = await shell.nextLine()) {
    const said = parseSaid(line);
    if (said?.kind === "ready") return shell;
    if (said?.kind !== "failed") continue;
    await shell.close();
    throw failure(host, said.why);
  }
  throw failure(host, `the prober does not start\n${await shell.close()}`.trimEnd());
};

const within = async <T>(seconds: number, work: Promise<T>): Promise<T | "late"> => {
  const done = new AbortController();
  const late = sleep(seconds * 1000, "late" as const, { signal: done.signal });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
};

const failure = (host: Host, why: string): XhostError =>
  new XhostError("REMOTE", `${WHAT}: ${why}`, { host: host.name });

const expected = (error: unknown): XhostError => {
  if (error instanceof XhostError) return error;
  throw error;
};
