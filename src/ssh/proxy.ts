import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import type { Resolved } from "./resolve.ts";
import { expandTokens } from "./tokens.ts";

/** A running ProxyCommand: its standard input and output are the way to the host. */
export type Proxy = {
  readonly stream: Duplex;
  readonly command: string;
  /** What it wrote to stderr so far, the last 4 kB. */
  readonly stderr: () => string;
  /** How it ended by itself: `exit status 1`, or why it could not be started; undefined while it runs and when it was told to end. */
  readonly end: () => string | undefined;
  /** Ends the command and everything it started. */
  readonly kill: () => void;
  readonly ended: Promise<unknown>;
};

/**
 * Starts a ProxyCommand in a session of its own: Ctrl-C in the terminal must not cut the connections that are needed
 * to clean up, and a pipeline is ended as a whole.
 */
export const startProxy = (config: Resolved, proxyCommand: string): Proxy => {
  const { alias, hostname, port, user } = config;
  const command = expandTokens(proxyCommand, { h: hostname, n: alias, p: String(port), r: user });
  const child = spawn("sh", ["-c", `exec ${command}`], { stdio: "pipe", detached: true });
  let stderr = "";
  let end: string | undefined;
  let isKilled = false;
  child.stderr.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4096)));
  child.on("error", (cause) => (end = cause.message));
  child.on("exit", (status, signal) => {
    if (isKilled && signal === "SIGTERM") return;
    end = signal === null ? `exit status ${status ?? ""}` : `killed by ${signal}`;
  });
  // EPIPE and the like: the stream below says so too, and this one must not end the process.
  child.stdin.on("error", () => undefined);
  const stream = Duplex.from({ writable: child.stdin, readable: child.stdout });
  // ssh2 waits for `close`, which a duplex of two pipes does not emit by itself when the command has ended.
  child.once("close", () => stream.destroy());
  const kill = (): void => {
    isKilled = true;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch {
      child.kill();
    }
  };
  // After the end of its output it is about to end by itself, and its last words are worth a moment.
  stream.once("close", () => {
    if (!child.stdout.readableEnded) kill();
    else setTimeout(kill, 300).unref();
  });
  const ended = new Promise((resolve) => child.once("close", resolve).once("error", resolve));
  return { stream, command, stderr: () => stderr.trim(), end: () => end, kill, ended };
};
