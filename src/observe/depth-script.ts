import { quote } from "../ssh/quote.ts";
import { NFT_TABLES, READ_REST, SECTION, VARIANT } from "./script.ts";

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

/** Prints the id and process (whose file has no newline: `read` takes it and fails) of each running container; Docker's program is asked where the files are not where they usually are. */
const CONTAINERS = [
  `containers() {`,
  `  known=; for folder in ${TASKS.join(" ")}; do`,
  `    test -d $folder || continue`,
  `    known=1; for file in $folder/*/init.pid; do test -f "$file" && id=\${file%/*} && { read -r pid <"$file"; echo "\${id##*/} $pid"; }; done`,
  `  done`,
  `  test -n "$known" || docker ps -q --no-trunc 2>/dev/null | xargs -r docker inspect -f '{{.Id}} {{.State.Pid}}' 2>/dev/null`,
  `}`,
];

/**
 * Shell functions that print what is in the network namespace that they run in, in sections with `$1` before their names: `rules` what filters
 * packets, `space` that and all else that decides. Nothing of a variant of iptables that nobody uses is listed: its modules would be loaded by
 * that.
 */
const FUNCTIONS = [
  SECTION,
  `rules() {`,
  `  section "$1 iptables"; saved=$(iptables-save -c) || $failed; printf '%s\\n' "$saved"`,
  `  section "$1 other"; used=`,
  `  if test "$variant" = nft; then`,
  `    { read -r used </proc/net/ip_tables_names; } 2>/dev/null; test -z "$used" || iptables-legacy-save -c 2>/dev/null`,
  `  elif test -n "$loaded"; then saved=$(iptables-nft-save -c 2>/dev/null); printf '%s\\n' "$saved"; fi`,
  `  section "$1 nft"; ${NFT_TABLES.join("\n")}`,
  `}`,
  `space() {`,
  `  rules $1`,
  `  section "$1 links"; ip -j -s -d address || $failed`,
  `  section "$1 policies"; ip -j -4 -N rule`,
  `  section "$1 routes"; ip -j -4 -N route show table all || $failed`,
  `  section "$1 neighbours"; ip -j -4 neigh show nud all || $failed`,
  `  section "$1 fdb"; test "$1" != own || bridge -j fdb show 2>/dev/null`,
  `  section "$1 conf"; grep -sH . /proc/sys/net/bridge/bridge-nf-call-iptables ${CONF.map((key) => `/proc/sys/net/ipv4/conf/*/${key}`).join(" ")}`,
  `}`,
].join("\n");

const ENTER = [
  `export nft variant loaded`,
  `functions=${quote(FUNCTIONS)}`,
  `eval "$functions"`,
  `within() { if test $1 = 0; then "$2" "$3"; else nsenter -t $1 -n sh -c "$functions`,
  `$2 $3" 2>/dev/null; fi; }`,
];

/**
 * Shell text after which `within PID FUNCTION ID` runs one of the functions in the network namespace of a process, 0 for the shell's own: one
 * nsenter for all that is read there.
 */
export const WITHIN = [...VARIANT, ...ENTER];

/** `enter ID PID` prints what is in a container's network namespace, and whether it is the host's own. */
const CONTAINER = [
  `enter() {`,
  `  host=; test "/proc/$2/ns/net" -ef /proc/self/ns/net && host=host`,
  `  section container; echo "$1 $2 $host"`,
  `  test -n "$host" || within "$2" space "$1"`,
  `}`,
];

/** The read script with what a deep look reads besides; one exec all the same. */
export const DEEP_SCRIPT = [
  ...READ_REST,
  ...ENTER,
  `section clock; date +%s`,
  `section qdiscs; tc -s -j qdisc 2>/dev/null`,
  // Not `wg show all endpoints`: it has the device's name before the first peer only (wireguard-tools 1.0.20210914, show.c).
  `section handshakes; for d in $(wg show interfaces 2>/dev/null); do`,
  `  for what in endpoints latest-handshakes transfer; do wg show $d $what 2>/dev/null | sed "s|^|$what\t$d\t|"; done; done`,
  `failed=failed; within 0 space own; failed=`,
  ...CONTAINERS,
  ...CONTAINER,
  `containers | while read -r id pid; do test ! -e "/proc/$pid/ns/net" || enter "$id" "$pid"; done`,
  `true`,
].join("\n");

/**
 * Shell text that looks into containers whose processes Docker itself has told. They may be processes of another process namespace: then
 * the number is nobody's here, or somebody else's, whose control group has not the container's id in its name.
 */
export const containersScript = (containers: readonly { readonly id: string; readonly pid: number }[]): string =>
  [
    ...WITHIN,
    ...CONTAINER,
    `hidden() { section hidden; echo "$1 its network namespace cannot be entered: Docker says process $2, which $3"; }`,
    ...containers.map(({ id, pid }) =>
      [
        `if ! test -e /proc/${pid}/ns/net; then hidden ${id} ${pid} "is none of this host"`,
        `elif ! grep -q ${id} /proc/${pid}/cgroup; then hidden ${id} ${pid} "is none of the container on this host"`,
        `else enter ${id} ${pid}; fi`,
      ].join("\n"),
    ),
    `true`,
  ].join("\n");
