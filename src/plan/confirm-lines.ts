import { confirmFolder, confirmUnit, hostFolder } from "../model/names.ts";
import { heredoc } from "./heredoc.ts";
import type { Undo } from "./step.ts";

/**
 * Shell lines that arm the way back: from now on the host takes the change back by itself, unless it is confirmed within so many seconds. The
 * timer is systemd's where that runs (systemd-run(1)), which outlives the SSH session whatever logind does to it; else a process in a
 * session of its own. To be run before the first change, under `set -e`.
 */
export const armLines = (undo: Undo, seconds: number): readonly string[] => {
  const { project } = undo;
  const [folder, unit] = [confirmFolder(project), confirmUnit(project)];
  return [
    `rm -rf ${folder}; (umask 077; mkdir -p ${folder})`,
    `test ! -d ${hostFolder(project)} || cp -a ${hostFolder(project)} ${folder}/files`,
    ...heredoc(`cat > ${folder}/undo.sh`, undoScript(undo), "XHOST-UNDO"),
    `: > ${folder}/armed`,
    `if test -d /run/systemd/system && command -v systemd-run >/dev/null; then`,
    `  systemctl stop ${unit}.timer 2>/dev/null || true`,
    `  systemd-run --quiet --collect --unit=${unit} --on-active=${seconds} --timer-property=AccuracySec=1s /bin/sh ${folder}/undo.sh`,
    `else`,
    `  setsid sh -c 'sleep ${seconds}; exec sh ${folder}/undo.sh' </dev/null >/dev/null 2>&1 & echo $! > ${folder}/timer`,
    `fi`,
  ];
};

/** Whoever renames `armed` first has it: the timer, or the confirmation. */
const undoScript = ({ project, script }: Undo): readonly string[] => {
  const folder = confirmFolder(project);
  return [
    `PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; LC_ALL=C; export PATH LC_ALL`,
    `cd ${folder} && mv armed undoing || exit 0`,
    `rm -rf ${hostFolder(project)}`,
    `if test -d files; then mkdir -p /etc/xhost; cp -a files ${hostFolder(project)}; else rmdir /etc/xhost 2>/dev/null; fi`,
    script,
    `date '+%F %T' > undone`,
    `rm -rf armed undoing timer files undo.sh`,
  ];
};

/**
 * Shell text that settles what an earlier change of the project has left: prints `confirmed` where it waited for its confirmation, and has it now,
 * `undone WHEN` where the host has taken it back, after waiting for that to end, and nothing where there was none.
 */
export const settleScript = (project: string): string => {
  const [folder, unit] = [confirmFolder(project), confirmUnit(project)];
  return [
    `if mv ${folder}/armed ${folder}/confirmed 2>/dev/null; then`,
    `  if test -f ${folder}/timer; then kill -9 -$(cat ${folder}/timer) 2>/dev/null; else systemctl stop ${unit}.timer 2>/dev/null; fi`,
    `  echo confirmed`,
    `else`,
    `  i=0; while test -f ${folder}/undoing && test $i -lt 100; do sleep 0.1; i=$((i + 1)); done`,
    `  test ! -f ${folder}/undone || echo "undone $(cat ${folder}/undone)"`,
    `fi`,
    `rm -rf ${folder}; rmdir /run/xhost/confirm /run/xhost 2>/dev/null || true`,
  ].join("\n");
};
