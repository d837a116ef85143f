import { constants } from "node:os";
import { execa } from "execa";
import { XhostError } from "../errors.ts";
import type { Entry } from "./kind.ts";
import { kinds } from "./kinds.ts";
import { namespaceOf } from "./names.ts";
import { requireRecord, type LabHost, type LabRecord } from "./record.ts";
import { requireRoot } from "./root.ts";
import { hostEnvironment } from "./run.ts";

/** What a command of `labExec` did; the outputs are empty where they went to the caller's own. */
export type Execution = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/**
 * Runs a command on a host, as root in `/`, or in the switch's network namespace (host `fabric`, the machine's own files).
 * Its exit code is a result and no failure; one ended by a signal has 128 more than the signal's number, as in a shell.
 */
export const labExec = async (options: {
  readonly name: string;
  readonly host: string;
  readonly command: readonly string[];
  readonly stdio?: "inherit" | "pipe" | undefined;
  readonly input?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<Execution> => {
  const { name, host, command, stdio = "pipe", input, signal } = options;
  requireRoot();
  const record = await requireRecord(name);
  const isFabric = host === "fabric";
  const { args, cwd, isBroken }: Entry = isFabric
    ? { args: [`--net=/run/netns/${namespaceOf(name)}`, "--", ...command], cwd: process.cwd() }
    : await hostEntry(record, host, { command, terminal: stdio === "inherit" && isTerminal() });
  const environment = { ...hostEnvironment, TERM: process.env["TERM"] ?? "dumb" };
  const ended = await execa("nsenter", args, {
    cwd,
    reject: false,
    stdin: stdio === "inherit" ? "inherit" : input === undefined ? "ignore" : "pipe",
    stdout: stdio,
    stderr: stdio,
    ...(input === undefined ? {} : { input }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    ...(isFabric ? {} : { env: environment, extendEnv: false }),
  });
  signal?.throwIfAborted();
  const { stdout = "", stderr = "" } = ended;
  const exitCode = codeOf(ended);
  if (await isBroken?.(exitCode))
    throw new XhostError("UNREACHABLE", ["the lab host does not answer", stderr].join("\n").trim(), { host });
  return { exitCode, stdout, stderr };
};

const codeOf = ({ exitCode, signal }: { readonly exitCode?: number; readonly signal?: NodeJS.Signals }): number =>
  exitCode ?? (signal === undefined ? 255 : 128 + constants.signals[signal]);

/** The host of that name; the error of one that is not in the lab lists those that are. */
export const requireHost = ({ name, hosts }: LabRecord, host: string): LabHost => {
  const found = hosts.find((h) => h.name === host);
  if (found !== undefined) return found;
  throw new XhostError("INVENTORY", `lab ${name}: no host ${host}: has ${hosts.map((h) => h.name).join(", ")}`);
};

const hostEntry = async (
  record: LabRecord,
  host: string,
  what: { readonly command: readonly string[]; readonly terminal: boolean },
): Promise<Entry> => {
  const found = requireHost(record, host);
  const pid = (await kinds[record.kind].running(record)).get(host);
  if (pid === undefined)
    throw new XhostError(
      "UNREACHABLE",
      `the lab host is down: start it with \`xhost lab start ${record.name} ${host}\``,
      { host },
    );
  return kinds[record.kind].enter(record, found, { pid, ...what });
};

const isTerminal = () => process.stdin.isTTY && process.stdout.isTTY;
