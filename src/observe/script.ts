/** Sysctls that are looked at: those a plan may change, and those that decide whether packets pass. */
const SYSCTLS = ["net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter"];

/** Programs without which xhost cannot work on a host, with the Debian package of each. */
const PROGRAMS = {
  ip: "iproute2",
  "iptables-save": "iptables",
  "iptables-restore": "iptables",
  nsenter: "util-linux",
  ping: "iputils-ping",
};

/** Programs that only some planes, and the measuring before them, need. */
const OPTIONAL = ["wg", "wireguard-go", "perl", "python3"];

/** Modules of the planes' devices. */
const MODULES = ["ipip", "vxlan", "wireguard"];

/**
 * A module that is loaded or built in with parameters has a folder in /sys; others modprobe finds, without loading them (-n); what
 * is built in without parameters shows only by a device, in a network namespace that ends with the attempt, and which cannot load
 * anything since modprobe would have found it.
 */
const MODULE_STATES = [
  `for m in ${MODULES.join(" ")}; do`,
  `  if test -d /sys/module/$m; then echo $m=loaded`,
  `  elif modprobe -n -q $m 2>/dev/null; then echo $m=loadable`,
  `  elif unshare -n ip link add name xh-probe type $m $(test $m != vxlan || echo id 1 dstport 1) 2>/dev/null; then echo $m=loaded`,
  `  else echo $m=none; fi; done`,
];

/** Starts a section of the script's output; a record separator stands in no output of the programs that are run. */
export const SEPARATOR = "\u001e";

/** Shell text that makes `section`, which starts one. */
export const SECTION = `section() { printf '\\036%s\\n' "$1"; }`;

/**
 * The one read script of a host: everything that Docker's API does not tell, in sections. Runs as root, changes nothing.
 * iptables-save prints the tables of the variant that `iptables` of this host is, which is what dockerd runs.
 */
export const READ_SCRIPT = [
  SECTION,
  // A program that is not there is told by name; one that fails must not look like a host without rules.
  `failed() { test $? = 127 || exit 1; }`,
  `test "$(id -u)" = 0 || { echo "this needs root: log in as root, or set become: sudo" >&2; exit 1; }`,
  `section missing`,
  `for p in ${Object.keys(PROGRAMS).join(" ")}; do command -v $p >/dev/null 2>&1 || echo $p; done`,
  `section kernel; uname -r`,
  `section ssh; echo "\${SSH_CONNECTION:-$1}"`,
  `section addresses; ip -j -4 address || failed`,
  `section links; ip -j -d link || failed`,
  `section routes; ip -j -4 -N route show table main || failed`,
  `section iptables; iptables-save || failed`,
  `section input; iptables -V | grep -q nf_tables && command -v nft >/dev/null && ! nft list chain ip filter INPUT >/dev/null 2>&1 && echo absent`,
  `section sysctls`,
  ...SYSCTLS.map((key) => `echo "${key}=$(cat /proc/sys/${key.replaceAll(".", "/")} 2>/dev/null)"`),
  `section programs; for p in ${OPTIONAL.join(" ")}; do command -v $p >/dev/null 2>&1 && echo $p; done`,
  `section modules`,
  ...MODULE_STATES,
  `section neighbours; ip -j -4 neigh show nud permanent || failed`,
  `section fdb; for d in /sys/class/net/xh-*; do test -e "$d" && ! test -d "$d/bridge" && bridge fdb show dev \${d##*/} 2>/dev/null | sed "s|^|\${d##*/} |"; done`,
  // The first line of a dump would be the private key.
  `section wireguard; for d in $(wg show interfaces 2>/dev/null); do case $d in xh-*)`,
  `  echo "device $d $(wg show $d listen-port) $(wg show $d public-key)"; wg show $d dump | tail -n +2 | sed "s|^|peer $d |";; esac; done`,
  `section keys; for f in /etc/xhost/*/wireguard.key; do test -f "$f" && echo "$f $(wg pubkey <"$f")"; done 2>/dev/null`,
  `section paths; for f in /etc/xhost/*/paths; do test -f "$f" && { test -s "$f" || echo "$f "; sed "s|^|$f |" "$f"; }; done`,
  `section ports; sed -n 's/^ *[0-9]*: [0-9A-F]*:\\([0-9A-F]*\\) .*/\\1/p' /proc/net/udp /proc/net/udp6 2>/dev/null | sort -u`,
  `section before; for f in /etc/xhost/*/before; do test -f "$f" && sed "s|^|$f |" "$f"; done`,
  `true`,
].join("\n");

/** The sections of the script's output by name. */
export const sections = (output: string): ReadonlyMap<string, string> =>
  new Map(
    output
      .split(SEPARATOR)
      .slice(1)
      .map((part): [string, string] => {
        const end = part.indexOf("\n");
        return [part.slice(0, end), part.slice(end + 1)];
      }),
  );

/** `ping (Debian package iputils-ping)` for each program that is not there. */
export const missingPrograms = (section: string): readonly string[] =>
  lines(section).map((program) => `${program} (Debian package ${PROGRAMS[program as keyof typeof PROGRAMS]})`);

/** Non-empty lines. */
export const lines = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "");

/** What a program printed as JSON; undefined where it is none, which happens to old versions of some. */
export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
