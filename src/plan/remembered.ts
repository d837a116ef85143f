import { beforeFile, hostFolder, moduleKey, tableKey } from "../model/names.ts";
import type { FirewallTable, Module, Remembered } from "../model/state.ts";
import type { Difference } from "./diff.ts";

/** Shell lines that change a sysctl, load a module or note a missing table; what was before is written down first, once. */
export const changeLines = (d: Difference, project: string): readonly string[] => {
  const [want, have] = remembered(d);
  if (want === undefined) return [];
  const set =
    want.kind === "sysctl"
      ? [`echo ${want.value} > ${sysctlPath(want.key)}`]
      : want.kind === "module" && have?.kind === "module" && !have.present
        ? [`modprobe ${want.name}`]
        : [];
  return [...noteLines(d, project), ...set];
};

/** Shell lines that write down what was before, once: what Docker changes by itself is written down before its turn, and would be again after it. */
export const noteLines = (d: Difference, project: string): readonly string[] => {
  const [want, have] = remembered(d);
  if (want === undefined || have?.previous !== undefined) return [];
  const before = have?.held ?? (have?.kind === "sysctl" ? have.value : "absent");
  const [key, file] = [rememberedKey(want), beforeFile(project)];
  return [`grep -qs '^${key}=' ${file} || echo ${key}=${before} >> ${file}`];
};

/**
 * Shell lines that put back what was before, unless another project still needs it; the file goes with its last line. A module
 * that somebody else has a device of by now stays. A
 * table goes only when nobody has put anything into it, and only on the nft variant: legacy tables stay until a reboot.
 */
export const putBackLines = (d: Difference, project: string): readonly string[] => {
  const [want, have] = remembered(d);
  if (want !== undefined || have?.previous === undefined) return [];
  const file = beforeFile(project);
  return [
    ...(have.held === undefined ? [undo(have, have.previous, project)] : []),
    `sed -i '/^${rememberedKey(have)}=/d' ${file}`,
    `test -s ${file} || rm -f ${file}`,
  ];
};

const undo = (have: Remembered, previous: string, project: string): string =>
  have.kind === "sysctl" ? putSysctlBack(have.key, previous, project) : unmakeLines(have);

/** A shell line that sets what was before, unless another project has come to need it meanwhile: that has noted it by then. */
export const putSysctlBack = (key: string, previous: string, project: string): string =>
  `grep -ls '^${key}=' /etc/xhost/*/before | grep -qvxF ${beforeFile(project)} || echo ${previous} > ${sysctlPath(key)}`;

/** Shell lines that unload a module, or remove a table that nobody has put anything into. */
export const unmakeLines = (have: FirewallTable | Module): string => {
  if (have.kind === "module") return unload(have.name);
  // refused where there is a rule in it, or another policy than ACCEPT
  if (have.name === "INPUT") return "iptables -X INPUT 2>/dev/null || true";
  return [
    `if iptables -V | grep -q nf_tables && left=$(nft list table ip ${have.name} 2>/dev/null); then`,
    `  printf '%s\\n' "$left" | grep -qvE '${EMPTY_TABLE}' || nft delete table ip ${have.name}`,
    `fi`,
  ].join("\n");
};

/**
 * A device holds no reference on its module: unloading it would take everybody's devices away (rtnl_link_unregister), in all network
 * namespaces. Only where there is none left; tunl0 comes with the module and goes with it.
 */
const unload = (module: string): string =>
  [
    `if command -v lsns >/dev/null && ! {`,
    `  for p in $(lsns -n -t net -o PID); do nsenter -t $p -n ip -o link show type ${module}; done`,
    `  for n in /run/netns/* /run/docker/netns/*; do test ! -e $n || nsenter --net=$n ip -o link show type ${module}; done`,
    `} 2>/dev/null | grep -qv ': tunl0[@:]'; then modprobe -r -q ${module} || true; fi`,
  ].join("\n");

/** Lines of `nft list table` when nobody has put anything into it; native chains of a user's own are not among them. */
const EMPTY_TABLE =
  "^(#.*|table ip raw [{]|[[:space:]]*[}]|[[:space:]]*chain (PREROUTING|OUTPUT) [{]|[[:space:]]*type filter hook (prerouting|output) priority (raw|-300); policy accept;|)$";

const remembered = ({ want, have }: Difference): readonly [Remembered | undefined, Remembered | undefined] => [
  want as Remembered | undefined,
  have as Remembered | undefined,
];

/** A shell line that takes the project's folder away where nothing is in it any more. */
export const forgetLine = (project: string): string => `rmdir ${hostFolder(project)} /etc/xhost 2>/dev/null || true`;

/** Its key in the file of what was before. */
export const rememberedKey = (resource: Remembered): string =>
  resource.kind === "sysctl"
    ? resource.key
    : resource.kind === "module"
      ? moduleKey(resource.name)
      : tableKey(resource.name);
export const sysctlPath = (key: string): string => `/proc/sys/${key.replaceAll(".", "/")}`;
