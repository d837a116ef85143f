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

/** Starts a section of the script's output; a record separator stands in no output of the programs that are run. */
const SEPARATOR = "\u001e";

/**
 * The one read script of a host: everything that Docker's API does not tell, in sections. Runs as root, changes nothing.
 * iptables-save prints the tables of the variant that `iptables` of this host is, which is what dockerd runs.
 */
export const READ_SCRIPT = [
  `section() { printf '\\036%s\\n' "$1"; }`,
  // A program that is not there is told by name; one that fails must not look like a host without rules.
  `failed() { test $? = 127 || exit 1; }`,
  `test "$(id -u)" = 0 || { echo "this needs root: log in as root, or set become: sudo" >&2; exit 1; }`,
  `section missing`,
  `for p in ${Object.keys(PROGRAMS).join(" ")}; do command -v $p >/dev/null 2>&1 || echo $p; done`,
  `section kernel; uname -r`,
  `section ssh; echo "\${SSH_CONNECTION:-$1}"`,
  `section addresses; ip -j -4 address || failed`,
  `section links; ip -j link || failed`,
  `section routes; ip -j -4 -N route show table main || failed`,
  `section iptables; iptables-save || failed`,
  `section sysctls`,
  ...SYSCTLS.map((key) => `echo "${key}=$(cat /proc/sys/${key.replaceAll(".", "/")} 2>/dev/null)"`),
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
