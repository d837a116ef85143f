import { XhostError } from "../errors.ts";
import {
  asRoot,
  ending,
  endOf,
  environment,
  lostError,
  started,
  startError,
  startSession,
  type End,
  type Channel,
  type Remote,
} from "./session.ts";

/** `Host.run`: a whole script on the standard input of `sh`; `$1` is sshd's SSH_CONNECTION, which sudo would drop. */
export const run = (remote: Remote, script: string, what: string, shown = script): Promise<string> => {
  const job = { remote, what, shown: excerpt(shown) };
  let unsent = framed(script);
  const running = async (): Promise<string> => {
    const { channel, release } = await startSession(remote, asRoot(remote, `sh -s "$SSH_CONNECTION"`), what);
    try {
      const ended = finished(channel, remote.timeout);
      channel.end(unsent);
      // It may be long, and hosts take their time: with hundreds of them nothing here holds it any more.
      unsent = "";
      return output(job, await ended);
    } finally {
      release();
    }
  };
  return running();
};

/**
 * Braces, so that the shell reads all of it before it runs any of it: a connection that breaks half-way runs nothing,
 * and no command of the script can eat the rest of it from standard input.
 */
const framed = (script: string): string => `echo ${started}; ${environment}; { :\n${script}\n} </dev/null\n`;

const finished = (channel: Channel, timeout: number): Promise<End | "late"> =>
  new Promise((resolve) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const patience = setTimeout(() => {
      resolve("late");
      channel.destroy();
    }, timeout * 1000);
    channel.on("data", (chunk: Buffer) => stdout.push(chunk));
    channel.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    channel.on("error", () => undefined);
    channel.once("close", (...how: unknown[]) => {
      clearTimeout(patience);
      const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString();
      resolve(endOf(how, { stdout: text(stdout), stderr: text(stderr) }));
    });
  });

/** `shown`: of the script, for errors. */
type Job = { readonly remote: Remote; readonly shown: string; readonly what: string };

const output = ({ remote, shown, what }: Job, end: End | "late"): string => {
  const error = (why: string, stderr: string): XhostError =>
    new XhostError("REMOTE", `${what}: ${why}\n${shown}\n${stderr}`.trimEnd(), { host: remote.name });
  if (end === "late") throw lostError(remote, what) ?? error(`no end within ${remote.timeout} s (--timeout)`, "");
  if (end.status === undefined && end.signal === undefined) {
    const lost = lostError(remote, what);
    if (lost !== undefined) throw lost;
  }
  const at = `\n${end.stdout}`.indexOf(`\n${started}\n`);
  if (at < 0) throw startError(remote, what, end);
  if (end.status !== 0) throw error(ending(end), end.stderr);
  return end.stdout.slice(at + started.length + 1);
};

/** Ten lines at most: the ends of a long script tell which one it was. */
const excerpt = (script: string): string => {
  const lines = script.trim().split("\n");
  if (lines.length <= 10) return lines.join("\n");
  return [...lines.slice(0, 5), `... ${lines.length - 9} lines ...`, ...lines.slice(-4)].join("\n");
};
