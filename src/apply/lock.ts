import { hostname, userInfo } from "node:os";
import { XhostError } from "../errors.ts";
import { lockFile, upFile } from "../model/names.ts";
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
  /** Gives the host back at once. */
  readonly release: () => Promise<void>;
  /** What an earlier change had left, as `settleScript` says it; empty where nothing. */
  readonly settled: string;
};

/** Whether a holder that gives no more signs of life is ended. */
type Taking = { readonly takesOver: boolean };

/**
 * Keeps other runs on the same project away from a host until the connection ends, and settles what an earlier run has left
 * unconfirmed. The lock is the kernel's (flock(2)) and goes with its holder; a holder whose controller has vanished without a word, so that
 * sshd still waits for it, gives no sign of life for a minute, and is ended with its whole connection: should it wake up, it can do no more. Other
 * projects are not kept away. Throws a CONFLICT XhostError where another run has it, a REMOTE one where the host cannot be locked, without flock
 * (util-linux or BusyBox), or is still about to take a change back.
 */
export const lock = async (host: Host, project: string, { takesOver }: Taking): Promise<Lock> => {
  const shell = await host.shell("lock the host");
  // In one go: a host may be far away. What cannot be locked has ended before the second part.
  shell.send(
    [
      lockScript(project, `${userInfo().username}@${hostname()}`, takesOver),
      `{\n${settleScript(project)}\n${bootEnded(project)}\n} 2>/dev/null; echo settled\n`,
    ].join("\n"),
  );
  const answer = (await shell.nextLine()) ?? "";
  if (answer !== "locked") {
    const stderr = await shell.close();
    const isBusy = answer.startsWith("busy ");
    const held = isBusy ? `held by ${answer.slice("busy ".length)}: try again when that has finished` : stderr.trim();
    throw new XhostError(isBusy ? "CONFLICT" : "REMOTE", `lock project ${project}: ${held}`, { host: host.name });
  }
  let settled = "";
  for (let line = await shell.nextLine(); line !== "settled"; line = await shell.nextLine()) {
    if (line === undefined) {
      // With the shell the lock is gone.
      const why = `the shell that holds it has ended\n${await shell.close()}`.trimEnd();
      throw new XhostError("REMOTE", `lock project ${project}: ${why}`, { host: host.name });
    }
    if (line !== "wait") settled = line;
    const why = AT_WORK[line];
    if (why === undefined) continue;
    await shell.close();
    throw new XhostError("REMOTE", `lock project ${project}: ${why}: try again in a minute`, { host: host.name });
  }
  const beat = setInterval(() => shell.send(`touch ${lockFile(project)}\n`), BEAT * 1000);
  beat.unref();
  const stop = (): void => clearInterval(beat);
  const release = async (): Promise<void> => {
    stop();
    await shell.close();
  };
  return { settled, stop, release };
};

/** What the host itself is at, and does not end in the time that is waited for it. */
const AT_WORK: Readonly<Record<string, string>> = {
  undoing: "the host is taking an earlier change back just now",
  booting: "the host is bringing links, routes and rules back just now (up.sh)",
};

/** Shell text that waits for the boot script, should it run: what it has begun is not to be looked at half done. `booting` where it goes on. */
const bootEnded = (project: string): string =>
  [
    `i=0; until test ! -f ${upFile(project)} || flock -n ${upFile(project)} true; do`,
    `  if test $i -ge 150; then echo booting; break; fi`,
    `  sleep 0.2; i=$((i + 1)); test $((i % 25)) != 0 || echo wait`,
    `done`,
  ].join("\n");

/**
 * The file has the pid of the shell that holds it, that of the server of its connection (sshd or dropbear, its nearest ancestor of that name; 0 without),
 * and who that is since when by the host's clock. Whoever locks a file that its holder was about to remove has locked nothing, and tries again; so does who
 * meets the boot script, which only asks for the lock.
 */
const lockScript = (project: string, by: string, takesOver: boolean): string => {
  const file = lockFile(project);
  return [
    `hold() {`,
    // A special builtin that fails would end the shell, were it not for `command`: the folder may go in between (POSIX, 2.8.1).
    `  test -d \${1%/*} || (umask 077; mkdir -p \${1%/*}); command exec 9>>$1 || { (umask 077; mkdir -p \${1%/*}); command exec 9>>$1; } || return 1`,
    `  flock -n 9 || { sleep 0.2; flock -n 9; } || return 1`,
    `  test $1 -ef /proc/self/fd/9 || hold $1`,
    `}`,
    `server() {`,
    `  p=$$; while test "\${p:-0}" -gt 1; do`,
    `    read -r comm </proc/$p/comm; case $comm in sshd* | dropbear*) echo $p; return ;; esac`,
    `    while read -r key p; do test "$key" != PPid: || break; done </proc/$p/status || p=0`,
    `  done 2>/dev/null; echo 0`,
    `}`,
    `age() { echo $(($(date +%s) - $(stat -c %Y ${file} 2>/dev/null || date +%s))); }`,
    `take() { echo "$$ $(server) $1 since $(date '+%F %T')" >${file}; trap 'rm -f ${file}; rmdir /run/xhost/lock /run/xhost 2>/dev/null' EXIT; trap exit HUP TERM; echo locked; }`,
    // A clock that was set makes every age odd: then a beat is waited for.
    `stale() {`,
    `  a=$(age); if test $a -gt ${STALE} && test $a -lt 3600; then return 0; elif test $a -ge -${STALE} && test $a -le ${STALE}; then return 1; fi`,
    `  m=$(stat -c %Y ${file}); sleep ${BEAT + 2}; test "$m" = "$(stat -c %Y ${file})"`,
    `}`,
    // A pid may be another's by now: it is the holder's where that has the file open.
    `evict() {`,
    `  read -r holder server _ <${file} && test "$(readlink /proc/$holder/fd/9)" = ${file} || return 1`,
    `  kill -9 $holder; test "$server" -lt 2 || kill -9 $server; sleep 0.2`,
    `}`,
    `if ! command -v flock >/dev/null; then echo "there is no flock: install util-linux" >&2; exit 1; fi`,
    `if hold ${file}; then take ${quote(by)}`,
    ...(takesOver ? [`elif stale && evict 2>/dev/null && hold ${file}; then take ${quote(by)}`] : []),
    `else echo "busy $(cut -d' ' -f3- ${file})"; exit; fi`,
  ].join("\n");
};
