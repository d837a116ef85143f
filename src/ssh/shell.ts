import { XhostError } from "../errors.ts";
import type { Shell } from "./host.ts";
import { readLines } from "./lines.ts";
import { asRoot, environment, lostError, started, startError, startSession, type Remote } from "./session.ts";

/** `Host.shell`: resolves when the remote `sh` runs. Takes one of the connection's four sessions until it ends. */
export const shell = async (remote: Remote, what: string): Promise<Shell> => {
  const { channel, release } = await startSession(remote, asRoot(remote, "sh -s"), what);
  channel.once("close", release);
  const lines = readLines(channel, remote.timeout);
  const late = (): XhostError => {
    const why = `${what}: no answer within ${remote.timeout} s`;
    return lostError(remote, what) ?? new XhostError("REMOTE", why, { host: remote.name });
  };
  const finish = async (): Promise<string> => {
    const end = await lines.ended();
    channel.destroy();
    if (end === "late") throw late();
    return end.stderr;
  };
  const nextLine = async (): Promise<string | undefined> => {
    const next = await lines.next();
    if (next === "late") throw late();
    const lost = next.line === undefined ? lostError(remote, what) : undefined;
    if (lost !== undefined) throw lost;
    return next.line;
  };
  const begin = async (): Promise<void> => {
    const before: string[] = [];
    for (let line = await nextLine(); line !== started; line = await nextLine()) {
      const end = line === undefined ? await lines.ended() : "late";
      if (end !== "late") throw startError(remote, what, { ...end, stdout: before.join("\n") });
      if (line !== undefined) before.push(line);
    }
  };
  channel.write(`echo ${started}; ${environment}\n`);
  await begin().catch((error: unknown) => {
    channel.destroy();
    throw error;
  });
  return {
    send: (text) => {
      if (channel.writable) channel.write(text);
    },
    nextLine,
    close: () => {
      channel.end();
      return finish();
    },
  };
};
