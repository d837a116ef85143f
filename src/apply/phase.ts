import { Listr, ListrLogger, ProcessOutput } from "listr2";
import pLimit from "p-limit";
import { XhostError } from "../errors.ts";
import { visible } from "../visible.ts";

/** How progress is shown and work is bounded; progress goes to stderr, results never do. */
export type PhaseOptions = {
  readonly stderr: NodeJS.WriteStream;
  /** `live` redraws one row, `lines` writes plain lines, `silent` nothing. */
  readonly show: "live" | "lines" | "silent";
  /** Hosts at a time. */
  readonly forks: number;
  readonly signal: AbortSignal;
};

/** What came of a phase, host by host; a host is in one of the two. */
export type PhaseResult<T> = {
  readonly done: ReadonlyMap<string, T>;
  readonly failed: ReadonlyMap<string, XhostError>;
};

/** Work on one host; `say` shows what it is at. */
export type HostWork<H, T> = (host: H, say: (text: string) => void) => Promise<T>;

const MAX_FAILURE_ROWS = 18;

/**
 * Runs the same work on all hosts side by side as one row of listr2 with a counter: a row per host costs minutes with
 * hundreds of them. Failures of single hosts become rows and are returned; anything but an XhostError is a bug and thrown.
 * After an interrupt no further host is begun.
 */
export const phase = async <H extends { readonly name: string }, T>(
  title: string,
  hosts: readonly H[],
  work: HostWork<H, T>,
  options: PhaseOptions,
): Promise<PhaseResult<T>> => {
  const done = new Map<string, T>();
  const failed = new Map<string, XhostError>();
  const bugs: unknown[] = [];
  const all = async (row: Row): Promise<void> => {
    const limit = pLimit(options.forks);
    const one = async (host: H): Promise<void> => {
      if (options.signal.aborted) return;
      try {
        done.set(host.name, await work(host, (text) => row.say(`${host.name}: ${text}`)));
      } catch (error) {
        if (error instanceof XhostError && !isCut(error, options.signal)) failed.set(host.name, error);
        // An interrupt stops a host between two steps; the others go on to the end of theirs.
        else bugs.push(error);
      }
      row.count(done.size + failed.size);
    };
    await Promise.all(hosts.map((host) => limit(one, host)));
  };
  await draw(title, { total: hosts.length, work: all, done, failed }, options);
  options.signal.throwIfAborted();
  if (bugs.length > 0) throw bugs[0];
  return { done, failed };
};

/** What an interrupt does to a host that is being reached: its programs end and its connection is closed, which is no failure of the host. */
const isCut = ({ code }: XhostError, { aborted }: AbortSignal): boolean =>
  aborted && (code === "UNREACHABLE" || code === "INVENTORY");

type Row = { readonly say: (text: string) => void; readonly count: (n: number) => void };

type Drawn = {
  readonly total: number;
  readonly work: (row: Row) => Promise<void>;
  readonly done: ReadonlyMap<string, unknown>;
  readonly failed: ReadonlyMap<string, XhostError>;
};

const draw = async (
  title: string,
  { total, work, done, failed }: Drawn,
  { stderr, show, signal }: PhaseOptions,
): Promise<void> => {
  const output = new ProcessOutput(stderr, stderr);
  const options = { logger: new ListrLogger({ processOutput: output }) };
  const live = show === "live";
  const list = new Listr(
    [
      {
        title,
        task: async (_ctx, task) => {
          const count = (n: number): void => {
            if (live && total > 1) task.title = `${title} ${n}/${total}`;
          };
          const say = (text: string): void => {
            if (live) task.output = visible(text);
          };
          count(0);
          const told = (): void => say("interrupted: finishing what has begun, once more to stop at once");
          signal.addEventListener("abort", told, { once: true });
          await work({ count, say });
          signal.removeEventListener("abort", told);
          if (total > 1) task.title = `${title} ${done.size}/${total}`;
          if (signal.aborted && done.size + failed.size < total) throw new Error("interrupted");
          if (failed.size === 0) return undefined;
          if (!live) throw new Error(`${failed.size} failed`);
          return task.newListr(failureRows(failed), { exitOnError: false, concurrent: true });
        },
      },
    ],
    {
      renderer: live ? "default" : show === "lines" ? "simple" : "silent",
      rendererOptions: { ...options, collapseErrors: false, ...(live && { collapseSubtasks: false }) },
      forceTTY: live,
      exitOnError: false,
      registerSignalListeners: false,
    },
  );
  await list.run();
};

/** One line each; the whole messages come at the end, once. */
const failureRows = (failed: ReadonlyMap<string, XhostError>): { title: string; task: () => void }[] => {
  const rows = [...failed.values()].map((error) => visible(error.message.split("\n")[0] ?? ""));
  const shown =
    rows.length > MAX_FAILURE_ROWS
      ? [...rows.slice(0, MAX_FAILURE_ROWS), `and ${rows.length - MAX_FAILURE_ROWS} more`]
      : rows;
  return shown.map((title) => ({
    title,
    task: () => {
      throw new Error(title);
    },
  }));
};
