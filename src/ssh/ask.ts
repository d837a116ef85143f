import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { quote } from "./quote.ts";

/** `code`: exit code, `ENOENT` where there is no ssh, undefined where it was given up. */
export type SshAnswer = {
  readonly code: number | "ENOENT" | undefined;
  readonly stdout: string;
  readonly stderr: string;
};

type Question = { readonly args: readonly string[]; readonly answer: (answer: SshAnswer) => void };

const waiting: Question[] = [];
let shells = 0;

/**
 * Runs `ssh` with arguments and no input. Shells start it, a few for all hosts: for each process that it starts by itself, Node copies its page tables,
 * tens of milliseconds in which nothing else goes on (libuv, uv_spawn forks). Not execa, which takes a sixth of the start-up time to load.
 */
export const askSsh = (args: readonly string[]): Promise<SshAnswer> =>
  new Promise((answer) => {
    waiting.push({ args, answer });
    // One at first, and the others when there is more to ask than it gets done while they are started.
    if (shells === 0) startShell();
    else setImmediate(() => waiting.length > MANY && shells < availableParallelism() && startShell());
  });

/** Questions that are answered in the time that it takes to start a shell. */
const MANY = 3;

/** Milliseconds that one question may take: `Match exec` of ssh_config(5) runs anything. */
const PATIENCE = 20_000;

/** Starts a shell that answers one question after the other, until there are none. */
const startShell = (): void => {
  const question = waiting.shift();
  if (question === undefined) return;
  shells++;
  const child = spawn("sh", { stdio: "pipe", detached: true });
  let [asked, out, err] = [question, "", ""];
  let isOver = false;
  const giveUp = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  let timer: NodeJS.Timeout | undefined;
  const ask = (): void => {
    [out, err] = ["", ""];
    timer = setTimeout(giveUp, PATIENCE);
    // Neither ssh nor what it says of its configuration has a NUL.
    child.stdin.write(`ssh ${asked.args.map(quote).join(" ")} </dev/null; printf '\\0%s\\0' $?; printf '\\0' >&2\n`);
  };
  const heard = (): void => {
    const [stdout = "", code, end] = out.split("\0");
    if (end === undefined || !err.endsWith("\0")) return;
    clearTimeout(timer);
    asked.answer({ code: code === "127" ? "ENOENT" : Number(code), stdout, stderr: err.slice(0, -1) });
    const next = waiting.shift();
    if (next === undefined) {
      over();
      return;
    }
    asked = next;
    ask();
  };
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    shells--;
    clearTimeout(timer);
    child.stdin.end();
    if (waiting.length > 0) startShell();
  };
  const failed = (code?: "ENOENT") => (): void => {
    if (!isOver) asked.answer({ code, stdout: out, stderr: err });
    over();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    heard();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    heard();
  });
  child.stdin.on("error", () => undefined);
  child.on("error", failed("ENOENT")).on("close", failed());
  ask();
};
