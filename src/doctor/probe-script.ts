import type { Probe } from "../inventory/inventory.ts";
import { quote } from "../ssh/quote.ts";
import { PERL } from "./speaker-perl.ts";
import { PYTHON } from "./speaker-python.ts";

/** An echo request that a speaker sends until it is answered; `bytes` of the whole IP packet, which must not be fragmented. */
export type PingJob = {
  readonly index: number;
  readonly address: string;
  readonly bytes: number;
  /** Seconds before it begins. */
  readonly delay: number;
  /** Seconds in which an answer has to come. */
  readonly patience: number;
};

/** A program in a network namespace that hears echo requests, and sends its own when it is told to. `pid` 0: the host's namespace. */
export type Speaker = { readonly id: number; readonly pid: number; readonly jobs: readonly PingJob[] };

/** A connection that is opened from a container's network namespace. */
export type CallJob = Pick<PingJob, "index" | "address" | "delay" | "patience"> & {
  readonly pid: number;
  readonly probe: Exclude<Probe, { kind: "ping" }>;
};

/**
 * Shell text that starts the speakers; prints `R id` when one hears, `N id` where none can: there the host's own ping sends, and nobody
 * hears. No container needs a program.
 */
export const listenScript = (speakers: readonly Speaker[]): string =>
  [
    `perl_=${quote(PERL)}`,
    `python_=${quote(PYTHON)}`,
    // RHEL 8 has its own python3 out of the PATH. -B: no compiled modules are written.
    `arch=$(uname -m); with=; if perl -e 1 2>/dev/null; then with=perl`,
    `else for python in python3 /usr/libexec/platform-python; do if $python -BIS -c 1 2>/dev/null; then with=$python; break; fi; done; fi`,
    `speak() {`,
    `  number=$1; enter="nsenter -t $2 -n"; test $2 != 0 || enter=`,
    `  test $2 = 0 || test -e /proc/$2/ns/net || { echo N $1; exit; }`,
    `  shift 2`,
    `  case $with in perl) exec $enter perl -e "$perl_" $number $arch "$@" ;; ?*) exec $enter $with -BIS -c "$python_" $number "$@" ;; esac`,
    `  trap go=1 USR1; trap exit TERM; echo N $number; while test -z "$go"; do sleep 0.2; done`,
    `  for job in "$@"; do IFS=,; set -- $job; unset IFS`,
    `    out=$($enter ping -n -c 1 -M do -s $(($3 - 28)) -W $5 $2 2>&1) && echo "P $1 ok $(echo "$out" | sed -n 's/.*time=\\([0-9.]*\\).*/\\1/p')" ||`,
    `    echo "P $1 no $(echo "$out" | grep -iE 'from|unreach|not permitted|invalid|unknown|error' | head -n 1)"; done`,
    `}`,
    ...speakers.map(
      ({ id, pid, jobs }) =>
        `speak ${[id, pid, ...jobs.map(jobWord)].join(" ")} </dev/null 2>/dev/null & speakers="$speakers $!"`,
    ),
    ``,
  ].join("\n");

const jobWord = ({ index, address, bytes, delay, patience }: PingJob): string =>
  [index, address, bytes, delay, patience].join(",");

/** Connections at a time on one host; each is a short process. */
const AT_ONCE = 32;

/** Shell text that lets the speakers begin and makes the calls; prints `P index ok|no text` for each, and `E` after the last call. */
export const probeScript = (jobs: readonly CallJob[]): string =>
  [
    `kill -USR1 $speakers 2>/dev/null`,
    `plain='s/^.*bash: [a-z]*: //'`,
    `tcp_() { out=$(nsenter -t $2 -n timeout $5 bash -c "exec 3<>/dev/tcp/$3/$4" 2>&1) && echo "P $1 ok" || echo "P $1 no $(echo "$out" | head -n 1 | sed "$plain")"; }`,
    // A server that answers before it has read all of the request resets the connection, and the answer may be lost with it.
    `http_() { for try in 1 2 3; do`,
    // Not in an argument: those of a process everybody on the host can read, its environment only root.
    `  out=$(path_=$5 host_=$6 nsenter -t $2 -n timeout $8 bash -c "exec 3<>/dev/tcp/$3/$4 && printf 'GET %s HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' \"\\$path_\" \"\\$host_\" >&3 && head -n 1 <&3" 2>&1)`,
    `  ended=$?; status=$(echo "$out" | tr -d '\\r' | head -n 1 | sed "$plain"); if test $ended = 124 || test -n "$status"; then break; fi; done`,
    `  case $status in "HTTP/1."*" $7 "*|"HTTP/1."*" $7") echo "P $1 ok" ;; *) echo "P $1 no $status" ;; esac; }`,
    ...chunks(jobs.map(jobLine), AT_ONCE).flatMap((lines) => [...lines, `wait $jobs_; jobs_=`]),
    `echo E`,
    ``,
  ].join("\n");

/** Shell text that ends the speakers. */
export const stopScript = `kill $speakers 2>/dev/null; wait 2>/dev/null; exit 0\n`;

const jobLine = (job: CallJob): string =>
  `{ ${job.delay > 0 ? `sleep ${job.delay}; ` : ""}${callOf(job)}; } </dev/null & jobs_="$jobs_ $!"`;

const callOf = ({ index, pid, address, probe, patience }: CallJob): string => {
  if (probe.kind === "tcp") return `tcp_ ${index} ${pid} ${address} ${probe.port} ${patience}`;
  const url = new URL(probe.url);
  const path = quote(`${url.pathname}${url.search}`);
  return `http_ ${index} ${pid} ${address} ${url.port || "80"} ${path} ${quote(url.host)} ${probe.status} ${patience + 2}`;
};

const chunks = <T>(items: readonly T[], n: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / n) }, (_, i) => items.slice(i * n, (i + 1) * n));
