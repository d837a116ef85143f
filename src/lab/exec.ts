import { constants } from "node:os";
import { execa } from "execa";
import { XhostError } from "../errors.ts";
import { namespaceOf } from "./names.ts";
import { initOf, processesIn } from "./processes.ts";
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
  const target = isFabric ? [`--net=/run/netns/${namespaceOf(name)}`] : await hostTarget(record, host);
  const environment = { ...hostEnvironment, TERM: process.env["TERM"] ?? "dumb" };
  const {
    exitCode,
    signal: ended,
    stdout,
    stderr,
  } = await execa("nsenter", [...target, "--", ...command], {
    reject: false,
    stdin: stdio === "inherit" ? "inherit" : input === undefined ? "ignore" : "pipe",
    stdout: stdio,
    stderr: stdio,
    ...(input === undefined ? {} : { input }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    ...(isFabric ? {} : { env: environment, extendEnv: false }),
  });
  signal?.throwIfAborted();
  const number = ended === undefined ? 255 : 128 + constants.signals[ended];
  return { exitCode: exitCode ?? number, stdout: stdout ?? "", stderr: stderr ?? "" };
};

/** The host of that name; the error of one that is not in the lab lists those that are. */
export const requireHost = ({ name, hosts }: LabRecord, host: string): LabHost => {
  const found = hosts.find((h) => h.name === host);
  if (found !== undefined) return found;
  throw new XhostError("INVENTORY", `lab ${name}: no host ${host}: has ${hosts.map((h) => h.name).join(", ")}`);
};

const hostTarget = async (record: LabRecord, host: string): Promise<readonly string[]> => {
  const namespace = namespaceOf(record.name, requireHost(record, host).name);
  const init = initOf((await processesIn([namespace])).get(namespace) ?? []);
  if (init === undefined)
    throw new XhostError(
      "UNREACHABLE",
      `the lab host is down: start it with \`xhost lab start ${record.name} ${host}\``,
      { host },
    );
  return [`--target=${init}`, "--mount", "--uts", "--ipc", "--net", "--pid"];
};
