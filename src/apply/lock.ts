import { hostname, userInfo } from "node:os";
import { XhostError } from "../errors.ts";
import { lockFile } from "../model/names.ts";
import { settleScript } from "../plan/confirm-lines.ts";
import type { Host } from "../ssh/host.ts";
import { quote } from "../ssh/quote.ts";

/** Seconds between two signs of life, and after how many without one a lock counts as stale. */
const BEAT = 15;
const STALE = 60;

/** A project's hold on a host. */
export type Lock = {
  /** Gives no more signs of life; the lock goes with the connection. */
  readonly stop: () => void;
  /** What an earlier change had left, as `settleScript` says it; empty where nothing. */
  readonly settled: string;
};

/**
 * Keeps other runs on the same project away from a host until the connection ends, and settles what an earlier run has left
 * unconfirmed. The lock is the kernel's (flock(2)) and goes with its holder; a holder whose controller has vanished without a word, so that
 * sshd still waits for it, gives no sign of life for a minute, and is ended. Other projects are not kept away. A host without flock
 * (util-linux) or BusyBox's twin cannot be locked and is refused.
 */
export const lock = async (host: Host, project: string): Promise<Lock> => {
  const shell = await host.shell("lock the host");
  shell.send(`${lockScript(project, `${userInfo().username}@${hostname()}`)}\n`);
  const answer = (await shell.nextLine()) ?? "";
  if (answer !== "locked") {
    const stderr = await shell.close();
    const held =
      answer === "" ? stderr.trim() : `held by ${answer.slice("busy ".length)}: try again when that has finished`;
    throw new XhostError("REMOTE", `lock project ${project}: ${held}`, { host: host.name });
  }
  shell.send(`{\n${settleScript(project)}\n} 2>/dev/null; echo settled\n`);
  let settled = "";
  for (let line = await shell.nextLine(); line !== undefined && line !== "settled"; line = await shell.nextLine())
    settled = line;
  const beat = setInterval(() => shell.send(`touch ${lockFile(project)}\n`), BEAT * 1000);
  beat.unref();
  return {
    settled,
    stop: () => clearInterval(beat),
  };
};

/**
 * The file has the pid of the shell that holds it, and who that is since when by the host's clock. Whoever locks a file that its holder was about
 * to remove has locked nothing, and tries again.
 */
const lockScript = (project: string, by: string): string => {
  const file = lockFile(project);
  return [
    `hold() {`,
    `  (umask 077; mkdir -p \${1%/*}); exec 9>>$1 || return 1`,
    `  flock -n 9 || return 1`,
    `  test "$(stat -c %i $1 2>/dev/null)" = "$(stat -Lc %i /proc/self/fd/9)" || hold $1`,
    `}`,
    `age() { echo $(($(date +%s) - $(stat -c %Y ${file} 2>/dev/null || date +%s))); }`,
    `take() { echo "$$ $1 since $(date '+%F %T')" >${file}; trap 'rm -f ${file}; rmdir /run/xhost/lock /run/xhost 2>/dev/null' EXIT; trap exit HUP TERM; echo locked; }`,
    `if ! command -v flock >/dev/null; then echo "there is no flock: install util-linux" >&2; exit 1; fi`,
    `if hold ${file}; then take ${quote(by)}`,
    `elif test $(age) -gt ${STALE} && kill -9 $(cut -d' ' -f1 ${file}) 2>/dev/null && sleep 0.2 && hold ${file}; then take ${quote(by)}`,
    `else echo "busy $(cut -d' ' -f2- ${file})"; exit; fi`,
  ].join("\n");
};
