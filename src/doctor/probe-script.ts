import type { Probe } from "../inventory/inventory.ts";
import { quote } from "../ssh/quote.ts";

/** One probe as a host runs it: from a container's network namespace to an address. */
export type ProbeJob = {
  readonly index: number;
  readonly pid: number;
  readonly address: string;
  readonly probe: Probe;
  /** Seconds before it begins. */
  readonly delay: number;
  /** Seconds in which an answer has to come. */
  readonly patience: number;
};

/** Seconds after which a listener ends by itself, should the connection die before it is told to. */
const LISTENER_LIFE = 120;

// A raw ICMP socket gets every echo request with its IP header (raw(7)): the source is bytes 12 to 15, the type follows the
// header. Perl is essential on Debian and Ubuntu, python3 comes with the others; no container needs either.
const PERL =
  `use Socket; $|=1; socket(S,PF_INET,SOCK_RAW,1) or die; print "R $ARGV[0]\\n"; ` +
  `while(defined recv(S,$b,65535,0)){ next if ord(substr($b,(ord($b)&15)*4,1))!=8; ` +
  `print "S $ARGV[0] ".join(".",unpack("C4",substr($b,12,4)))."\\n" }`;
const PYTHON = [
  "import socket,sys",
  "s=socket.socket(socket.AF_INET,socket.SOCK_RAW,1)",
  "print('R',sys.argv[1],flush=True)",
  "while True:",
  " b=s.recv(65535)",
  " if b[(b[0]&15)*4]==8: print('S',sys.argv[1],socket.inet_ntoa(b[12:16]),flush=True)",
].join("\n");

/** Shell text that starts a listener in each namespace; prints `R id` when one hears, `N id` when none can, `S id source`. */
export const listenScript = (listeners: readonly { id: number; pid: number }[]): string =>
  [
    `listen() {`,
    `  if command -v perl >/dev/null; then timeout ${LISTENER_LIFE} nsenter -t $2 -n perl -e ${quote(PERL)} $1 &`,
    `  elif command -v python3 >/dev/null; then timeout ${LISTENER_LIFE} nsenter -t $2 -n python3 -c ${quote(PYTHON)} $1 &`,
    `  else echo N $1; return; fi`,
    // The listener is a child of this subshell and would outlive it.
    `  listener=$!; trap 'kill $listener; exit' TERM; wait $listener || echo N $1`,
    `}`,
    ...listeners.map(({ id, pid }) => `listen ${id} ${pid} </dev/null & heard="$heard $!"`),
    ``,
  ].join("\n");

/** Probes at a time on one host; each is a short process. */
const AT_ONCE = 32;

/** Shell text that runs the probes and prints `P index ok|no text` for each, then `E`. */
export const probeScript = (jobs: readonly ProbeJob[]): string =>
  [
    `ping_() { try=0; while test $try -lt $4; do try=$((try+1))`,
    `  out=$(nsenter -t $2 -n ping -n -c 1 -W 1 $3 2>&1) && { echo "P $1 ok $(echo "$out" | sed -n 's/.*time=\\([0-9.]*\\).*/\\1/p')"; return; }`,
    `  done; echo "P $1 no $(echo "$out" | grep -iE 'from|unreach|not permitted|invalid|unknown|error' | head -n 1)"; }`,
    `tcp_() { out=$(nsenter -t $2 -n timeout $5 bash -c "exec 3<>/dev/tcp/$3/$4" 2>&1) && echo "P $1 ok" || echo "P $1 no $? $(echo "$out" | head -n 1)"; }`,
    `http_() { out=$(nsenter -t $2 -n timeout $8 bash -c "exec 3<>/dev/tcp/$3/$4 && printf 'GET %s HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' $5 $6 >&3 && head -n 1 <&3" 2>&1)`,
    `  status=$(echo "$out" | tr -d '\\r' | head -n 1); case $status in "HTTP/1."*" $7 "*|"HTTP/1."*" $7") echo "P $1 ok" ;; *) echo "P $1 no $status" ;; esac; }`,
    ...chunks(jobs.map(jobLine), AT_ONCE).flatMap((lines) => [...lines, `wait $jobs_; jobs_=`]),
    `echo E`,
    ``,
  ].join("\n");

/** Shell text that ends the listeners. */
export const stopScript = `kill $heard 2>/dev/null; wait 2>/dev/null; exit 0\n`;

const jobLine = (job: ProbeJob): string =>
  `{ ${job.delay > 0 ? `sleep ${job.delay}; ` : ""}${callOf(job)}; } </dev/null & jobs_="$jobs_ $!"`;

const callOf = ({ index, pid, address, probe, patience }: ProbeJob): string => {
  switch (probe.kind) {
    case "ping":
      return `ping_ ${index} ${pid} ${address} ${patience}`;
    case "tcp":
      return `tcp_ ${index} ${pid} ${address} ${probe.port} ${patience}`;
    case "http": {
      const url = new URL(probe.url);
      const path = quote(quote(`${url.pathname}${url.search}`));
      return `http_ ${index} ${pid} ${address} ${url.port || "80"} ${path} ${quote(quote(url.host))} ${probe.status} ${patience + 2}`;
    }
  }
};

const chunks = <T>(items: readonly T[], n: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / n) }, (_, i) => items.slice(i * n, (i + 1) * n));
