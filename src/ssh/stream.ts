import type { ByteStream } from "./host.ts";
import {
  asRoot,
  endOf,
  environment,
  exec,
  lostError,
  started,
  startError,
  type Channel,
  type End,
  type Remote,
} from "./session.ts";

/** Seconds between signs of life, and how long the script lives without one: a connection may end without a word. */
const BEAT = 5;
const PATIENCE = 20;

/**
 * `Host.stream`. Takes a session beside the four of the commands; sshd refuses the one after its MaxSessions (10 unless its configuration
 * says otherwise), which is an UNREACHABLE XhostError.
 */
export const stream = async (remote: Remote, script: string, what: string): Promise<ByteStream> => {
  const channel = await exec(remote, asRoot(remote, `sh -s "$SSH_CONNECTION"`), what);
  const beat = setInterval(() => void channel.write("."), BEAT * 1000);
  const given = Promise.withResolvers<End>();
  const ended = Promise.race([endOfChannel(channel), given.promise]);
  void ended.then(() => clearInterval(beat));
  channel.write(framed(script));
  const end = (): void => {
    clearInterval(beat);
    channel.end();
  };
  const cut = (): void => {
    // A host that is gone does not confirm the end of a channel: it ends here.
    given.resolve({ status: undefined, signal: undefined, stdout: "", stderr: "" });
    channel.push(null);
    channel.destroy();
  };
  return { bytes: output({ remote, channel, what }, ended), end, ended, cut };
};

/**
 * The script runs beside a watch that reads the signs of life from standard input; `timeout` ends with nothing read where none comes,
 * and `dd` where the input has ended. In braces as in `run`, so that the shell has read all of it before the first sign.
 */
const framed = (script: string): string =>
  [
    `echo ${started}; ${environment}; { exec 3<&0`,
    `(\n${script}\n) </dev/null 3<&- & job=$!`,
    `(while beat=$(timeout ${PATIENCE} dd bs=1 count=1 <&3 2>/dev/null) && [ -n "$beat" ]; do :; done; kill $job) >/dev/null 2>&1 & watch=$!`,
    `wait $job; status=$?; kill $watch 2>/dev/null; exit $status; }\n`,
  ].join("\n");

const endOfChannel = (channel: Channel): Promise<End> =>
  new Promise((resolve) => {
    const stderr: Buffer[] = [];
    channel.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    channel.on("error", () => undefined);
    channel.once("close", (...how: unknown[]) =>
      resolve(endOf(how, { stdout: "", stderr: Buffer.concat(stderr).toString() })),
    );
  });

type Running = { readonly remote: Remote; readonly channel: Channel; readonly what: string };

/** Standard output behind the line that says that the script has started; what a login shell prints is before it. */
async function* output({ remote, channel, what }: Running, ended: Promise<End>): AsyncGenerator<Buffer, void> {
  const mark = Buffer.from(`${started}\n`);
  let before: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of channel.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if (before === undefined) {
      yield chunk;
      continue;
    }
    before = Buffer.concat([before, chunk]);
    const at = before.indexOf(mark);
    if (at < 0) continue;
    const rest = before.subarray(at + mark.length);
    before = undefined;
    if (rest.length > 0) yield rest;
  }
  const end = await ended;
  const lost = end.status === undefined && end.signal === undefined ? lostError(remote, what) : undefined;
  if (lost !== undefined) throw lost;
  if (before !== undefined) throw startError(remote, what, { ...end, stdout: before.toString() });
}
