import { unitMark } from "../model/names.ts";

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

/** Programs that only some planes, and the measuring before them, need; and firewalld, whose reloads take our rules away. */
const OPTIONAL = ["wg", "wireguard-go", "perl", "python3", "firewalld"];

/** Modules of the planes' devices. */
const MODULES = ["ipip", "vxlan", "wireguard"];

/**
 * A module that is loaded or built in with parameters has a folder in /sys; others modprobe finds, without loading them (-n), on kernels that
 * can load any (/proc/modules); what is built in without parameters shows only by a device, in a network namespace that ends with the attempt,
 * and which cannot load anything since modprobe would have found it.
 */
const MODULE_STATES = [
  `others=; for m in ${MODULES.join(" ")}; do`,
  `  if test -d /sys/module/$m; then echo $m=loaded`,
  `  elif test -e /proc/modules && modprobe -n -q $m 2>/dev/null; then echo $m=loadable`,
  `  else others="$others $m"; fi; done`,
  `test -z "$others" || unshare -n sh -c 'for m; do`,
  `  if ip link add name xh-$m type $m $(test $m != vxlan || echo id 1 dstport 1) 2>/dev/null; then echo $m=loaded; else echo $m=none; fi; done' sh $others ||`,
  `  for m in $others; do echo $m=none; done`,
];

/** Starts a section of the script's output; a record separator stands in no output of the programs that are run. */
export const SEPARATOR = "\u001e";

/** Shell text that makes `section`, which starts one. */
export const SECTION = `section() { printf '\\036%s\\n' "$1"; }`;

/**
 * Shell text that sets `variant` to what `iptables` is on this host, `nft` to the program of that name, and `loaded` to a word where the
 * kernel has nf_tables. Where it has not, nobody asks for its rules: the question alone would load it.
 */
export const VARIANT = [
  `variant=legacy; case $(iptables -V 2>/dev/null) in *nf_tables*) variant=nft ;; esac`,
  `loaded=; if test $variant = nft || ! test -e /proc/modules || grep -q '^nf_tables ' /proc/modules ||`,
  `  grep -qs '/nf_tables[.]ko' "/lib/modules/$(uname -r)/modules.builtin"; then loaded=yes; fi`,
  `nft=; test -z "$loaded" || nft=$(command -v nft)`,
];

/** A line's end, in the shell's words. */
const LINE = "\n";

/**
 * Shell text that lists nft's tables, each as JSON and as text. Those of iptables-nft are among them, and are left out, unless iptables-nft, whose
 * rules are in `saved`, says that they are none of its.
 */
export const NFT_TABLES = [
  `test -z "$nft" || nft list tables 2>/dev/null | while read -r _ family name; do`,
  `  case "$family $name" in`,
  `  "ip6 "*|"arp "*) continue ;;`,
  `  "ip raw"|"ip mangle"|"ip nat"|"ip filter"|"ip security") case "$saved" in "*$name"*|*"${LINE}*$name"*) continue ;; esac ;;`,
  `  esac`,
  `  nft -j list table $family "$name"; nft -a list table $family "$name"; done`,
];

/** What a deep look reads too, for every network namespace. */
const KERNEL = [
  `section links; ip -j -d address || failed`,
  `section routes; ip -j -4 -N route show table main || failed`,
  `section neighbours; ip -j -4 neigh show nud permanent || failed`,
  `section iptables; saved=$(iptables-save) || failed; printf '%s\\n' "$saved"`,
  // Of iptables-legacy's host nft has only what somebody else has made.
  `test $variant = nft || saved=`,
  `section nft; ${NFT_TABLES.join("\n")}`,
];

const HEAD = [
  SECTION,
  // A program that is not there is told by name; one that fails must not look like a host without rules.
  `failed() { test $? = 127 || exit 1; }`,
  `test "$(id -u)" = 0 || { echo "this needs root: log in as root, or set become: sudo" >&2; exit 1; }`,
  `section missing`,
  `for p in ${Object.keys(PROGRAMS).join(" ")}; do command -v $p >/dev/null 2>&1 || echo $p; done`,
  `section kernel; uname -r`,
  `section ssh; echo "\${SSH_CONNECTION:-$1}"`,
];

/** What a deep look needs of the read script: all but what it reads in its own way. */
export const READ_REST = [
  ...HEAD,
  ...VARIANT,
  `section input; test $variant = nft && test -n "$nft" && ! nft list chain ip filter INPUT >/dev/null 2>&1 && echo absent`,
  `section sysctls`,
  ...SYSCTLS.map(
    (key) => `value=; { read -r value </proc/sys/${key.replaceAll(".", "/")}; } 2>/dev/null; echo "${key}=$value"`,
  ),
  `section programs; for p in ${OPTIONAL.join(" ")}; do command -v $p >/dev/null 2>&1 && echo $p; done`,
  `section modules`,
  ...MODULE_STATES,
  `section fdb; for d in /sys/class/net/xh-*; do test -e "$d" && ! test -d "$d/bridge" && bridge fdb show dev \${d##*/} 2>/dev/null | sed "s|^|\${d##*/} |"; done`,
  // The first line of a dump would be the private key.
  `section wireguard; for d in $(wg show interfaces 2>/dev/null); do case $d in xh-*)`,
  `  echo "device $d $(wg show $d listen-port) $(wg show $d public-key)"; wg show $d dump | tail -n +2 | sed "s|^|peer $d |";; esac; done`,
  `section keys; for f in /etc/xhost/*/wireguard.key; do test -f "$f" && echo "$f $(wg pubkey <"$f")"; done 2>/dev/null`,
  `section paths; for f in /etc/xhost/*/paths; do test -f "$f" && { test -s "$f" || echo "$f "; sed "s|^|$f |" "$f"; }; done`,
  `section confirm; for f in /run/xhost/confirm/*/armed /run/xhost/confirm/*/undoing /run/xhost/confirm/*/undone; do test -f "$f" && echo "$f $(cat "$f")"; done`,
  // What was being written when a run was cut off is named too.
  `section boot; for f in /etc/xhost/*/up.sh /etc/xhost/*/down.sh /etc/xhost/*/rules /etc/xhost/*/*.part /etc/systemd/system/xhost-*; do`,
  `  test -f "$f" && printf '%s\\0' "$f"; done | xargs -0 -r sha256sum`,
  `section foreign; for f in /etc/systemd/system/xhost-*.service /etc/systemd/system/xhost-*.path; do`,
  `  test -f "$f" && ! grep -q '^${unitMark}' "$f" && echo "$f"; done`,
  `section systemd; if test -d /run/systemd/system; then systemctl --version | sed -n '1s/^systemd \\([0-9]*\\).*/Version=\\1/p'`,
  `  units=$(cd /etc/systemd/system && ls -d xhost-*.service xhost-*.path 2>/dev/null)`,
  `  test -z "$units" || systemctl show -p Id -p ActiveState -p SubState -p UnitFileState -p NRestarts $units; fi`,
  `section ports; sed -n 's/^ *[0-9]*: [0-9A-F]*:\\([0-9A-F]*\\) .*/\\1/p' /proc/net/udp /proc/net/udp6 2>/dev/null`,
  `section before; for f in /etc/xhost/*/before; do test -f "$f" && sed "s|^|$f |" "$f"; done`,
];

/**
 * The one read script of a host: everything that Docker's API does not tell, in sections. Runs as root, changes nothing.
 * iptables-save prints the tables of the variant that `iptables` of this host is, which is what dockerd runs.
 */
export const READ_SCRIPT = [...READ_REST, ...KERNEL, `true`].join("\n");

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
