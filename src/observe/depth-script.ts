import { quote } from "../ssh/quote.ts";
import { READ_SCRIPT, SECTION } from "./script.ts";

/** Keys below net.ipv4.conf that decide about packets. */
const CONF = [
  "rp_filter",
  "forwarding",
  "accept_local",
  "route_localnet",
  "src_valid_mark",
  "arp_ignore",
  "arp_announce",
  "arp_filter",
  "proxy_arp",
];

/**
 * Files in which containerd keeps the process id of each of Docker's containers, of its newer and its older runtime; those further down are of a
 * containerd which dockerd has started itself. Asking Docker's own program takes a hundred times as long, and it need not be there.
 */
const TASKS = ["/run/containerd", "/run/docker/containerd/daemon"].flatMap((folder) =>
  ["io.containerd.runtime.v2.task", "io.containerd.runtime.v1.linux"].map((runtime) => `${folder}/${runtime}/moby`),
);

/** A line's end, in the shell's words. */
const LINE = "\n";

/** Prints the id and process of each running container; Docker's program is asked where the files are not where they usually are. */
const CONTAINERS = [
  `containers() {`,
  `  known=; for folder in ${TASKS.join(" ")}; do`,
  `    test -d $folder || continue`,
  `    known=1; for file in $folder/*/init.pid; do test -f "$file" && id=\${file%/*} && echo "\${id##*/} $(cat "$file")"; done`,
  `  done`,
  `  test -n "$known" || docker ps -q --no-trunc 2>/dev/null | xargs -r docker inspect -f '{{.Id}} {{.State.Pid}}' 2>/dev/null`,
  `}`,
];

/**
 * Shell functions that print what is in the network namespace that they run in, in sections with `$1` before their names: `rules` what filters
 * packets, `space` that and all else that decides. Nothing of a variant of iptables that nobody uses is listed: its modules would be loaded by
 * that. Tables of iptables-nft are among those of nft, and are left out there, unless iptables-nft says that they are none of its.
 */
const FUNCTIONS = [
  SECTION,
  `rules() {`,
  `  section "$1 iptables"; saved=$(iptables-save -c); printf '%s\\n' "$saved"`,
  `  section "$1 other"; used=`,
  `  if test "$variant" = nft; then`,
  `    { read -r used </proc/net/ip_tables_names; } 2>/dev/null; test -z "$used" || iptables-legacy-save -c 2>/dev/null`,
  `  else saved=$(iptables-nft-save -c 2>/dev/null); printf '%s\\n' "$saved"; fi`,
  `  section "$1 nft"; test -z "$nft" || nft list tables 2>/dev/null | while read -r _ family name; do`,
  `    case "$family $name" in`,
  `    "ip6 "*|"arp "*) continue ;;`,
  `    "ip raw"|"ip mangle"|"ip nat"|"ip filter"|"ip security") case "$saved" in "*$name"*|*"${LINE}*$name"*) continue ;; esac ;;`,
  `    esac`,
  `    nft -j list table $family "$name"; nft -a list table $family "$name"; done`,
  `}`,
  `space() {`,
  `  rules $1`,
  `  section "$1 links"; ip -j -s -d link`,
  `  section "$1 addresses"; ip -j -4 address`,
  `  section "$1 policies"; ip -j -4 -N rule`,
  `  section "$1 routes"; ip -j -4 -N route show table all`,
  `  section "$1 neighbours"; ip -j -4 neigh show nud all`,
  `  section "$1 fdb"; test "$1" != own || bridge -j fdb show 2>/dev/null`,
  `  section "$1 conf"; grep -sH . /proc/sys/net/bridge/bridge-nf-call-iptables ${CONF.map((key) => `/proc/sys/net/ipv4/conf/*/${key}`).join(" ")}`,
  `}`,
].join("\n");

/**
 * Shell text after which `within PID FUNCTION ID` runs one of the functions in the network namespace of a process, 0 for the shell's own: one
 * nsenter for all that is read there.
 */
export const WITHIN = [
  `nft=$(command -v nft)`,
  `variant=legacy; iptables -V | grep -q nf_tables && variant=nft`,
  `export nft variant`,
  `functions=${quote(FUNCTIONS)}`,
  `eval "$functions"`,
  `within() { if test $1 = 0; then "$2" "$3"; else nsenter -t $1 -n sh -c "$functions`,
  `$2 $3" 2>/dev/null; fi; }`,
];

/** The read script with what a deep look reads besides; one exec all the same. */
export const DEEP_SCRIPT = [
  READ_SCRIPT,
  ...WITHIN,
  `section clock; date +%s`,
  `section qdiscs; tc -s -j qdisc 2>/dev/null`,
  `section handshakes; for what in endpoints latest-handshakes transfer; do wg show all $what 2>/dev/null | sed "s|^|$what\t|"; done`,
  `within 0 space own`,
  `net=$(readlink /proc/self/ns/net)`,
  ...CONTAINERS,
  `containers | while read -r id pid; do`,
  `  where=$(readlink "/proc/$pid/ns/net") || continue`,
  `  section container; echo "$id $pid $(test "$where" = "$net" && echo host)"`,
  `  test "$where" = "$net" || within "$pid" space "$id"`,
  `done`,
  `true`,
].join("\n");
