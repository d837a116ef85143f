import { READ_SCRIPT } from "./script.ts";

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
 * Shell text that makes `rules`, which prints what filters packets in a network namespace, in sections with `$1` before their names; the
 * other arguments are the command that enters it. It needs `SECTION` before it. Nothing of a variant that nobody uses is listed: its modules would
 * be loaded by that. Tables of iptables-nft are among those of nft, and are left out there, unless iptables-nft says that they are none of its.
 */
export const RULES = [
  `nftsave=$(command -v iptables-nft-save || echo iptables-save)`,
  `rules() {`,
  `  id=$1; shift`,
  `  section "$id iptables"; "$@" iptables-save -c`,
  `  section "$id other"`,
  `  if iptables -V | grep -q nf_tables; then`,
  `    test -z "$("$@" cat /proc/net/ip_tables_names 2>/dev/null)" || "$@" iptables-legacy-save -c 2>/dev/null`,
  `  else "$@" iptables-nft-save -c 2>/dev/null; fi`,
  `  section "$id nft"; if command -v nft >/dev/null; then "$@" nft list tables 2>/dev/null | while read -r _ family name; do`,
  `    case "$family $name" in`,
  `    "ip6 "*|"arp "*) continue ;;`,
  `    "ip raw"|"ip mangle"|"ip nat"|"ip filter"|"ip security") "$@" $nftsave -t $name 2>/dev/null | grep -q '^[*]' && continue ;;`,
  `    esac`,
  `    "$@" nft -j list table $family "$name"; "$@" nft -a list table $family "$name"; done; fi`,
  `}`,
];

/** The same for all that decides in a network namespace. */
const SPACE = [
  `space() {`,
  `  rules "$@"`,
  `  id=$1; shift`,
  `  section "$id links"; "$@" ip -j -s -d link`,
  `  section "$id addresses"; "$@" ip -j -4 address`,
  `  section "$id policies"; "$@" ip -j -4 -N rule`,
  `  section "$id routes"; "$@" ip -j -4 -N route show table all`,
  `  section "$id neighbours"; "$@" ip -j -4 neigh show nud all`,
  `  section "$id fdb"; "$@" bridge -j fdb show 2>/dev/null`,
  `  section "$id conf"; { echo /proc/sys/net/bridge/bridge-nf-call-iptables; for key in ${CONF.join(" ")}; do echo "/proc/sys/net/ipv4/conf/*/$key"; done; } | "$@" xargs sh -c 'grep -sH . $@' sh`,
  `}`,
];

/** The read script with what a deep look reads besides; one exec all the same. */
export const DEEP_SCRIPT = [
  READ_SCRIPT,
  ...RULES,
  ...SPACE,
  `section clock; date +%s`,
  `section qdiscs; tc -s -j qdisc 2>/dev/null`,
  `section handshakes; for what in endpoints latest-handshakes transfer; do wg show all $what 2>/dev/null | sed "s|^|$what\t|"; done`,
  `space own`,
  `net=$(readlink /proc/self/ns/net)`,
  ...CONTAINERS,
  `containers | while read -r id pid; do`,
  `  where=$(readlink "/proc/$pid/ns/net") || continue`,
  `  section container; echo "$id $pid $(test "$where" = "$net" && echo host)"`,
  `  test "$where" = "$net" || space "$id" nsenter -t "$pid" -n 2>/dev/null`,
  `done`,
  `true`,
].join("\n");
