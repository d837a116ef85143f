import { confirmFolder, confirmUnit, hostFolder } from "../model/names.ts";
import { PATHS } from "./boot-script.ts";
import { heredoc } from "./heredoc.ts";
import type { Undo } from "./step.ts";

/**
 * Shell functions: who somebody is that is noted in a file, as pid and start time (the 22nd word of /proc/PID/stat, proc(5): a pid alone may be another's by
 * now, and one that nobody has waited for yet is dead), and what it is killed by; and whether who is noted there still lives. The number in the third place is a process group where that is not the server's own:
 * sshd gives each command one (do_exec_no_pty of OpenSSH's session.c).
 */
const IDENTITY = [
  `born() { sed 's/.*) [ZX] .*//; s/.*) //' /proc/$1/stat | cut -d' ' -f20; }`,
  `lives() { read -r pid start _ <"$1" && test -n "$start" && test "$(born $pid)" = "$start"; }`,
  `end() { if lives "$1"; then read -r _ _ whom <"$1"; kill -9 "$whom"; else false; fi; }`,
];

/** Shell text for who the shell is that runs it. */
const SELF = [
  `group=$(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f3); whom=-$group`,
  `case $(cat /proc/$group/comm 2>/dev/null) in "" | sshd* | dropbear* | systemd* | init) whom=$$ ;; esac`,
];

/**
 * Shell lines that arm the way back: from now on the host takes the change back by itself, unless it is confirmed within so many seconds. The
 * timer is systemd's where that runs (systemd-run(1)), which outlives the SSH session whatever logind does to it; else a process in a
 * session of its own. To be run before the first change, under `set -e`, by the shell that makes the change: it is noted for as long as it is at it. The
 * timer's unit has a name that none had before: one in whose cgroup wireguard-go runs by now never goes (unit_may_gc of systemd's unit.c).
 */
export const armLines = (undo: Undo, seconds: number): readonly string[] => {
  const { project } = undo;
  const [folder, unit] = [confirmFolder(project), confirmUnit(project)];
  return [
    ...IDENTITY,
    ...SELF,
    `rm -rf ${folder}`,
    // Another project's run may remove the folder in between.
    `for try in 1 2 3; do ! (umask 077; mkdir -p ${folder}) 2>/dev/null || break; done`,
    `test ! -d ${hostFolder(project)} || cp -a ${hostFolder(project)} ${folder}/files`,
    ...heredoc(`cat > ${folder}/undo.sh`, undoScript(undo), "XHOST-UNDO"),
    `echo "$$ $(born $$) $whom" > ${folder}/change; trap 'rm -f ${folder}/change' EXIT`,
    `if test -d /run/systemd/system && command -v systemd-run >/dev/null; then`,
    `  unit=${unit}.$(date +%s).$$; echo $unit > ${folder}/unit; : > ${folder}/armed`,
    // wireguard-go, which it may start, is not to end with it
    `  systemd-run --quiet --collect --unit=$unit --property=KillMode=process --on-active=${seconds} --timer-property=AccuracySec=1s /bin/sh ${folder}/undo.sh`,
    `else`,
    `  : > ${folder}/armed`,
    `  setsid sh -c 'sleep ${seconds}; exec sh ${folder}/undo.sh' </dev/null >/dev/null 2>&1 &`,
    `  echo "$! $(born $!) -$!" > ${folder}/timer`,
    `fi`,
  ];
};

/**
 * Whoever renames `armed` first has it: the timer, or the confirmation. What is still at the change is ended before it is taken back, and the timer where it
 * is not the one who does. `undoing` says who does, so that another can go on where that one is gone. Files of the project are put back one by one, each
 * as a whole: what stands beside them in the folder of projects would be taken for another project.
 */
const undoScript = ({ project, script }: Undo): readonly string[] => {
  const [folder, files] = [confirmFolder(project), hostFolder(project)];
  return [
    PATHS,
    `umask 077`,
    ...IDENTITY,
    `cd ${folder} && mv armed undoing || exit 0`,
    `echo "$$ $(born $$) $$" > undoing`,
    `{`,
    `  i=0; while test -f change && end change && test $i -lt 100; do sleep 0.1; i=$((i + 1)); done`,
    `  if test -f unit; then systemctl stop $(cat unit).timer; elif read -r pid _ <timer && test "$pid" != $$; then end timer; fi`,
    `} 2>/dev/null`,
    `lost=`,
    `if test -d files; then`,
    `  mkdir -p ${files}`,
    `  for f in files/*; do test ! -f "$f" || { cp -a "$f" ${files}/.undo && mv ${files}/.undo "${files}/\${f##*/}"; } || lost=", but for files in ${files}"; done`,
    `  for f in ${files}/*; do test -e "files/\${f##*/}" || rm -f "$f"; done; rm -f ${files}/.undo`,
    `else rm -rf ${files}; rmdir /etc/xhost 2>/dev/null; fi`,
    script,
    `echo "$(date '+%F %T')$lost" > undone`,
    `rm -rf armed undoing timer unit change files undo.sh`,
  ];
};

/** Shell text that takes a change back at once, whatever becomes of the connection meanwhile, and settles it. */
export const takeBackScript = (project: string): string =>
  `setsid sh ${confirmFolder(project)}/undo.sh </dev/null >/dev/null 2>&1\n${settleScript(project)}`;

/**
 * Shell text that settles what an earlier change of the project has left: prints `confirmed` where it waited for its confirmation, and has it now,
 * `undone WHEN` where the host has taken it back, after waiting for that to end, `undoing` where that is not yet at its end, and nothing where there
 * was none. What somebody has begun to take back and not ended is taken back anew; so is a change that somebody is still at, whose end nobody knows: who
 * settles it has logged in before that. A line `wait` comes now and then meanwhile.
 */
export const settleScript = (project: string): string => {
  const folder = confirmFolder(project);
  return [
    ...IDENTITY,
    `undo() { setsid sh ${folder}/undo.sh </dev/null >/dev/null 2>&1 9>&-; }`,
    `if test -d ${folder}; then`,
    `if test -f ${folder}/armed && lives ${folder}/change 2>/dev/null; then undo; fi`,
    `if mv ${folder}/armed ${folder}/confirmed 2>/dev/null; then`,
    `  if test -f ${folder}/unit; then systemctl stop $(cat ${folder}/unit).timer 2>/dev/null; else end ${folder}/timer 2>/dev/null; fi`,
    `  echo confirmed`,
    `else`,
    `  i=0; while test -f ${folder}/undoing && test $i -lt 100; do`,
    `    sleep 0.1; i=$((i + 1)); test $((i % 50)) != 0 || echo wait`,
    // Empty for a moment only, unless it was killed in that.
    `    if ! lives ${folder}/undoing 2>/dev/null && { test -s ${folder}/undoing || test $i -gt 30; } && mv ${folder}/undoing ${folder}/armed 2>/dev/null`,
    `    then undo; fi`,
    `  done`,
    `  if test -f ${folder}/undone; then echo "undone $(cat ${folder}/undone)"; elif test -f ${folder}/undoing; then echo undoing; fi`,
    `fi`,
    `test -f ${folder}/undoing || rm -rf ${folder}; rmdir /run/xhost/confirm /run/xhost 2>/dev/null || true`,
    `fi`,
  ].join("\n");
};

/** What the output of `settleScript` says in the end. */
export const settledBy = (output: string): string =>
  output
    .split("\n")
    .filter((line) => line !== "" && line !== "wait")
    .at(-1) ?? "";
