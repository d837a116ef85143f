import { chainName, beforeFile, confirmFolder, lockFile, rulesFile, upFile } from "../model/names.ts";
import {
  isRemembered,
  keyOf,
  type Chain,
  type HostState,
  type Jump,
  type Resource,
  type Table,
} from "../model/state.ts";
import { differences, type Difference } from "./diff.ts";
import { firewallLines } from "./firewall-lines.ts";
import { linkLines } from "./link-lines.ts";
import { sorted } from "./sorted.ts";
import { rememberedKey, sysctlPath, unmakeLines } from "./remembered.ts";
import { forced, undoLines } from "./undo.ts";
import { routeOwner, wayLines } from "./way-lines.ts";

/** What a script needs that the host itself starts. */
export const PATHS = "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; LC_ALL=C; export PATH LC_ALL";

/** Set in the environment by the run that has the lock and calls the script itself. */
export const OWN_RUN = "XHOST_LOCKED";

/** What waits in `up.sh` for its turn is tried again by its unit. EX_TEMPFAIL of sysexits.h. */
export const LATER = 75;

/** The wanted rules for `iptables-restore --noflush`; jumps that are there already have to be taken out before. */
export const bootRules = (desired: HostState): readonly string[] =>
  firewallLines(of(desired, "chain", "jump").map(missing));

/**
 * Shell lines that bring the kernel's state of a host to what is desired, whatever of it is there: by the builders of the plan, with everything
 * both missing and, once it has been made, in place. Each goes on where the one before it failed, and the last one tells.
 */
export const upLines = (desired: HostState, project: string): readonly string[] => {
  const [links, peers] = [of(desired, "link"), of(desired, "peer")];
  const ways = {
    routes: of(desired, "route").map(standing),
    neighbours: of(desired, "neighbour").map(missing),
    fdb: of(desired, "fdb").map(missing),
    links: [],
  };
  const tables = tablesOf(desired);
  return [
    "#!/bin/sh",
    `# xhost, project ${project}: brings links, routes, firewall rules and sysctls of this host back. May run any number of times.`,
    PATHS,
    // One at a time; a run of xhost that has the lock waits for its end.
    `exec 8<"$0"; flock 8`,
    // What a run changes, or may take back, is not to be mixed with what was before it.
    `if test -z "$${OWN_RUN}" && { test -e ${confirmFolder(project)}/armed || test -e ${confirmFolder(project)}/undoing || ! { test ! -e ${lockFile(project)} || flock -n ${lockFile(project)} true; }; }`,
    `then echo "xhost changes this host just now" >&2; exit ${LATER}; fi`,
    `failed=0`,
    ...settingsOf(desired, project),
    ...(tables.length === 0 ? [] : restoreLines(project)),
    ...tables.map((table) => `restore ${table} || failed=1`),
    ...links.flatMap((link) => [
      `if ! test -e /sys/class/net/${nameOf(link)}; then`,
      ...tolerant(linkLines([missing(link)], [], project)),
      `fi`,
    ]),
    ...tolerant(linkLines(links.map(standing), peers.map(missing), project)),
    ...tolerant(wayLines(ways, project)),
    `exit $failed`,
  ];
};

/** Shell lines that take away what `upLines` brings, and put back what was before; each goes on where the one before it failed. */
export const downLines = (desired: HostState, project: string): readonly string[] => {
  const tables = tablesOf(desired);
  return [
    "#!/bin/sh",
    `# xhost, project ${project}: takes away what up.sh brings, and puts back what was before it.`,
    PATHS,
    `sed -n 's/^route replace \\([^ ]*\\) .*/route del \\1 ${routeOwner(project)}/p' ${upFile(project)} | ip -force -batch -`,
    // Peers, neighbours and FDB entries go with their devices.
    ...undoLines(differences(of(desired, "link"), []), project),
    ...(tables.length === 0 ? [] : emptyLines(project)),
    ...tables.map((table) => `empty ${table}`),
    ...desired.flatMap((resource) => putBackLines(resource, project)),
    `exit 0`,
  ];
};

/** In an order of their own, so that the files do not change with the order of hosts in the inventory. */
const of = (state: HostState, ...kinds: readonly Resource["kind"][]): HostState =>
  kinds.flatMap((kind) => {
    const byKey = new Map(
      state.filter((resource) => resource.kind === kind).map((resource) => [keyOf(resource), resource]),
    );
    return sorted(byKey).flatMap((key) => byKey.get(key) ?? []);
  });

const missing = (want: Resource): Difference => ({ want, have: undefined, changed: [] });
const standing = (want: Resource): Difference => ({ want, have: want, changed: [] });
const nameOf = (resource: Resource): string => (resource.kind === "link" ? resource.name : "");

const tablesOf = (desired: HostState): readonly Table[] => [
  ...new Set(of(desired, "chain", "jump").map((resource) => (resource as Chain | Jump).table)),
];

/**
 * What was before is noted here too: a change that took the note back, and ended with the host before this script was written anew, has left none.
 * What another project has noted was before that.
 */
const settingsOf = (desired: HostState, project: string): readonly string[] => {
  const lines = desired.flatMap(settingLines);
  const file = beforeFile(project);
  return lines.length === 0
    ? []
    : [
        `note() { grep -qs "^$1=" ${file} || { was=$(sed -n "s/^$1=//p" /etc/xhost/*/before 2>/dev/null | head -n 1); (umask 077; echo "$1=\${was:-$2}" >> ${file}); }; }`,
        ...lines,
      ];
};

const settingLines = (resource: Resource): readonly string[] => {
  if (resource.kind === "sysctl") {
    const [path, key] = [sysctlPath(resource.key), rememberedKey(resource)];
    return [
      `test "$(cat ${path})" = ${resource.value} || { note ${key} "$(cat ${path})"; echo ${resource.value} > ${path}; } || failed=1`,
    ];
  }
  if (resource.kind === "module") {
    const { name } = resource;
    // Loaded, or built in: modprobe knows nothing of the latter where /lib/modules is not the kernel's.
    return [
      `test -d /sys/module/${name} || { note ${rememberedKey(resource)} absent; modprobe -q ${name}; } || failed=1`,
    ];
  }
  return [];
};

/** The chains of the project in a regular expression of sed. */
const chainsOf = (project: string): string => `${chainName(project)}\\([.]i\\)\\{0,1\\}`;

/** Shell text that takes out the jumps that lead to chains of ours, as lines for `iptables-restore`. */
const jumpsOut = (project: string): string =>
  `iptables-save -t "$1" | sed -n 's/^-A \\(.* -j ${chainsOf(project)}\\)$/-D \\1/p'`;

/** One table in one transaction: the old jumps out, the chains anew, the jumps at the head. */
const restoreLines = (project: string): readonly string[] => [
  `restore() {`,
  `  {`,
  `    echo "*$1"`,
  `    ${jumpsOut(project)}`,
  `    sed -n "/^[*]$1\\$/,/^COMMIT/{/^[*]/!p;}" ${rulesFile(project)}`,
  `  } | iptables-restore --noflush --wait=10`,
  `}`,
];

const emptyLines = (project: string): readonly string[] => [
  `empty() {`,
  `  {`,
  `    echo "*$1"`,
  `    ${jumpsOut(project)}`,
  ...["F", "X"].map((flag) => `    iptables-save -t "$1" | sed -n 's/^:\\(${chainsOf(project)}\\) .*/-${flag} \\1/p'`),
  `    echo COMMIT`,
  `  } | iptables-restore --noflush --wait=10`,
  `}`,
];

/** What was before, unless another project still needs it. */
const putBackLines = (resource: Resource, project: string): readonly string[] => {
  if (!isRemembered(resource)) return [];
  const noted = `^${rememberedKey(resource).replaceAll(".", "[.]")}=`;
  const undo =
    resource.kind === "sysctl" ? [`  echo "$before" > ${sysctlPath(resource.key)}`] : [unmakeLines(resource)];
  return [
    `before=$(sed -n 's/${noted}//p' ${beforeFile(project)})`,
    `if test -n "$before" && test "$(cat /etc/xhost/*/before | grep -c '${noted}')" = 1; then`,
    ...undo,
    `fi`,
  ];
};

/** Lines with commands whose failures are told at the end. */
const tolerant = (lines: readonly string[]): readonly string[] => {
  let end: string | undefined;
  return lines.map((line) => {
    if (end !== undefined) {
      if (line === end) end = undefined;
      return line;
    }
    end = / <<'(\S+)'$/.exec(line)?.[1];
    return `${forced(line)} || failed=1`;
  });
};
