import { execa } from "execa";
import { namespaceOf } from "../names.ts";
import type { LabHost, LabRecord } from "../record.ts";
import { hostEnvironment } from "../run.ts";

/** The exit code of ssh(1) itself; a command may have the same. */
export const sshFailed = 255;

/** The words after `nsenter` that have the guest's shell run a line, with the lab's key and known hosts; to be run in the lab's folder. */
export const sshCall = (
  lab: LabRecord,
  host: LabHost,
  line: string,
  options: readonly string[] = [],
): readonly string[] => [
  `--net=/run/netns/${namespaceOf(lab.name)}`,
  ...[
    "ssh",
    "-F",
    "none",
    "-i",
    "id_ed25519",
    "-o",
    "UserKnownHostsFile=known_hosts",
    "-o",
    "StrictHostKeyChecking=yes",
  ],
  ...["-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=10"],
  // a host whose plug is pulled says no more; one that boots on a busy machine may say nothing for long
  ...["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=12"],
  ...options,
  `root@${host.address}`,
  line,
];

/** Runs a line on the guest; `input`: the path of a file for its stdin. The exit code is a result; so is `sshFailed`. */
export const onGuest = async (
  lab: LabRecord,
  host: LabHost,
  line: string,
  options: {
    readonly input?: string;
    readonly timeout?: number;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> => {
  const { input, timeout = 0, signal } = options;
  const { exitCode, stdout, stderr } = await execa("nsenter", sshCall(lab, host, line), {
    cwd: lab.folder,
    env: hostEnvironment,
    extendEnv: false,
    reject: false,
    timeout,
    ...(input === undefined ? { stdin: "ignore" } : { inputFile: input }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  return { exitCode: exitCode ?? sshFailed, stdout, stderr };
};
