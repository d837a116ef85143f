import { WITHIN } from "../observe/depth-script.ts";
import { quote } from "../ssh/quote.ts";
import { TRACE_PERL } from "./trace-perl.ts";
import { TRACE_PYTHON } from "./trace-python.ts";

/** Seconds after which a listener ends by itself, should the connection die before it is told to. */
const LIFE = 60;

/** Seconds in which the answer to the last probe has to come. */
const PATIENCE = 1.5;

/** A network namespace on a host: the container's id, or `own`, and the process whose it is, 0 for the host's own. */
export type TraceSpace = { readonly id: string; readonly pid: number };

/** What all probes of a run have in common. */
export type Run = {
  /** Bits 12 to 31 of a word. */
  readonly mark: number;
  /** 16 hex digits. */
  readonly run: string;
};

const enter = ({ pid }: TraceSpace): string => (pid === 0 ? "" : `nsenter -t ${pid} -n`);

/** Shell text that everything else needs: a listener and a sender in whatever language the host has. */
export const prelude = [
  // However the session ends, nothing of it stays.
  `trap 'kill $heard 2>/dev/null' EXIT`,
  ...WITHIN,
  `perl=${quote(TRACE_PERL)}`,
  `python=${quote(TRACE_PYTHON)}`,
  `program=; if perl -MSocket -e 1 2>/dev/null; then program="perl -e" text=$perl; fi`,
  // RHEL 8 has its own python3 out of the PATH. -B: no compiled modules are written.
  `for p in python3 /usr/libexec/platform-python; do test -z "$program" && $p -BIS -c 1 2>/dev/null && program="$p -BIS -c" text=$python; done`,
  `none="there is neither perl nor python3: install one of them"`,
  `hear() { id=$1; in=$2; shift 2; test -n "$program" || { echo "N $id $none"; return; }`,
  `  timeout ${LIFE} $in $program "$text" hear $id "$@" </dev/null & heard="$heard $!"; }`,
  `tell() { in=$1; shift; test -n "$program" || { echo "Q $none"; return; }`,
  `  timeout ${LIFE} $in $program "$text" send "$@" </dev/null || echo "Q it ended with status $?"; }`,
  ``,
].join("\n");

/** Prints the rules with their counters, in sections, between `C begin` and `C end`. */
export const countScript = (spaces: readonly TraceSpace[]): string =>
  [`echo C begin`, ...spaces.map(({ id, pid }) => `within ${pid} rules ${id}`), `echo; echo C end`, ``].join("\n");

/** Starts a listener in each namespace; `R SPACE` when it hears, `N SPACE WHY` where it cannot. */
export const hearScript = (
  spaces: readonly TraceSpace[],
  { mark, run, filter, lengths }: Run & { readonly filter: string; readonly lengths: readonly number[] },
): string =>
  spaces
    .map(
      (space) =>
        `hear ${space.id} ${quote(enter(space))} ${mark} ${run} ${quote(filter)} ${quote(lengths.join(","))}\n`,
    )
    .join("");

/**
 * A probe of each size; `E` when all are sent, `F NUMBER WHY` for one that cannot be, `Q WHY` where none can; and `T` when no answer is
 * to be waited for any longer.
 */
export const sendScript = (
  space: TraceSpace,
  order: Run & {
    readonly source: string;
    readonly destination: string;
    /** Of TCP; 0 for ICMP. */
    readonly port: number;
    readonly sizes: readonly number[];
  },
): string => {
  const { mark, run, source, destination, port, sizes } = order;
  const words = [mark, run, source, destination, port, ...sizes].join(" ");
  return `tell ${quote(enter(space))} ${words}; echo E; { sleep ${PATIENCE} </dev/null >/dev/null 2>&1; echo T; } & heard="$heard $!"\n`;
};

/** Ends the listeners; `Z` when they have. */
export const hushScript = `kill $heard 2>/dev/null; wait $heard 2>/dev/null; echo Z\n`;
