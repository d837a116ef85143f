import { confirmFolder, confirmUnit, hostFolder } from "../model/names.ts";
import { heredoc } from "./heredoc.ts";
import type { Undo } from "./step.ts";

/**
 * Shell lines that arm the way back: from now on the host takes the change back by itself, unless it is confirmed within so many seconds. The
 * timer is systemd's where that runs (systemd-run(1)), which outlives the SSH session whatever logind does to it; else a process in a
 * session of its own. To be run before the first change, under `set -e`, by the shell that makes the change: its process group, which sshd gives
 * each command (do_exec_no_pty of OpenSSH's session.c), is noted for as long as it is at it.
 */
export const armLines = (undo: Undo, seconds: number): readonly string[] => {
  const { project } = undo;
  const [folder, unit] = [confirmFolder(project), confirmUnit(project)];
  return [
    `rm -rf ${folder}; (umask 077; mkdir -p ${folder})`,
    `test ! -d ${hostFolder(project)} || cp -a ${hostFolder(project)} ${folder}/files`,
    ...heredoc(`cat > ${folder}/undo.sh`, undoScript(undo), "XHOST-UNDO"),
    `cut -d' ' -f5 /proc/$$/stat > ${folder}/change; trap 'rm -f ${folder}/change' EXIT`,
    `: > ${folder}/armed`,
    `if test -d /run/systemd/system && command -v systemd-run >/dev/null; then`,
    `  systemctl stop ${unit}.timer 2>/dev/null || true`,
    // wireguard-go, which it may start, is not to end with it
    `  systemd-run --quiet --collect --unit=${unit} --property=KillMode=process --on-active=${seconds} --timer-property=AccuracySec=1s /bin/sh ${folder}/undo.sh`,
    `else`,
    `  setsid sh -c 'sleep ${seconds}; exec sh ${folder}/undo.sh' </dev/null >/dev/null 2>&1 & echo $! > ${folder}/timer`,
    `fi`,
  ];
};

/**
 * Whoever renames `armed` first has it: the timer, or the confirmation. What is still at the change is ended before it is taken back, and the timer where it
 * is not the one who does. `undoing` has the pid of who does, so that another can go on where that one is gone.
 */
const undoScript = ({ project, script }: Undo): readonly string[] => {
  const [folder, unit, files] = [confirmFolder(project), confirmUnit(project), hostFolder(project)];
  return [
    `PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; LC_ALL=C; export PATH LC_ALL`,
    `cd ${folder} && mv armed undoing || exit 0`,
    `echo $$ > undoing`,
    `if test -f change; then`,
    `  i=0; while kill -9 -$(cat change) && test $i -lt 100; do sleep 0.1; i=$((i + 1)); done`,
    `fi 2>/dev/null`,
    `if ! test -f timer; then systemctl stop ${unit}.timer; elif test "$(cat timer)" != $$; then kill -9 -$(cat timer); fi 2>/dev/null`,
    `rm -rf ${files}.new`,
    `if test -d files; then mkdir -p /etc/xhost; cp -a files ${files}.new && rm -rf ${files} && mv ${files}.new ${files}`,
    `else rm -rf ${files}; rmdir /etc/xhost 2>/dev/null; fi`,
    script,
    `date '+%F %T' > undone`,
    `rm -rf armed undoing timer change files undo.sh`,
  ];
};

/** Shell text that takes a change back at once, whatever becomes of the connection meanwhile, and settles it. */
export const takeBackScript = (project: string): string =>
  `setsid sh ${confirmFolder(project)}/undo.sh </dev/null >/dev/null 2>&1\n${settleScript(project)}`;

/**
 * Shell text that settles what an earlier change of the project has left: prints `confirmed` where it waited for its confirmation, and has it now,
 * `undone WHEN` where the host has taken it back, after waiting for that to end, `undoing` where that is not yet at its end, and nothing where there
 * was none. What somebody has begun to take back and not ended is taken back anew.
 */
export const settleScript = (project: string): string => {
  const [folder, unit] = [confirmFolder(project), confirmUnit(project)];
  return [
    `if mv ${folder}/armed ${folder}/confirmed 2>/dev/null; then`,
    `  if test -f ${folder}/timer; then kill -9 -$(cat ${folder}/timer) 2>/dev/null; else systemctl stop ${unit}.timer 2>/dev/null; fi`,
    `  echo confirmed`,
    `else`,
    `  i=0; while test -f ${folder}/undoing && test $i -lt 100; do`,
    `    sleep 0.1; i=$((i + 1)); by=$(cat ${folder}/undoing 2>/dev/null)`,
    `    if test -n "$by" && ! kill -0 "$by" 2>/dev/null && mv ${folder}/undoing ${folder}/armed 2>/dev/null`,
    `    then setsid sh ${folder}/undo.sh </dev/null >/dev/null 2>&1 9>&-; fi`,
    `  done`,
    `  if test -f ${folder}/undone; then echo "undone $(cat ${folder}/undone)"; elif test -f ${folder}/undoing; then echo undoing; fi`,
    `fi`,
    `test -f ${folder}/undoing || rm -rf ${folder}; rmdir /run/xhost/confirm /run/xhost 2>/dev/null || true`,
  ].join("\n");
};
