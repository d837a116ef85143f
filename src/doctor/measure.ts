import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { XhostError } from "../errors.ts";
import { sharedSizes, type Sizes, type Way } from "../model/evidence.ts";
import type { Host } from "../ssh/host.ts";
import { laneLine, lanesOf, type Lane, type Probe } from "./measure-lines.ts";
import { tally, type Tally } from "./measure-tally.ts";
import { startProber, type Prober } from "./prober.ts";

/** Milliseconds without news after which what is missing is sent again, and at last given up. */
const QUIET = [100, 200, 500];

/** Lanes that are measured at a time: what is noted of each would not fit into memory for all ways between hundreds of hosts. */
const AT_ONCE = 50_000;

/**
 * Finds out with real packets what arrives on each way, to the byte. The receivers hear before their own netfilter does: it is
 * the fabric that is measured. One session per host; nothing is left on the hosts. `errors` has, by host, why nothing could be
 * measured there; ways with an end there, or at a host that is not in `hosts`, are not in `sizes`. Rejects soon after `signal`.
 */
export const measure = async (
  ways: readonly Way[],
  { hosts, signal }: { hosts: ReadonlyMap<string, Host>; signal?: AbortSignal },
): Promise<{
  readonly sizes: ReadonlyMap<Way, Sizes>;
  readonly errors: ReadonlyMap<string, XhostError>;
}> => {
  const errors = new Map<string, XhostError>();
  const sizes = new Map<Way, Sizes>();
  const isThere = ({ from, to }: Way): boolean => [from, to].every((name) => hosts.has(name) && !errors.has(name));
  const involved = [...new Set(ways.filter(isThere).flatMap(({ from, to }) => [from, to]))];
  let counts = tally([]);
  const lost = (name: string, error: XhostError): void => {
    errors.set(name, error);
    counts.drop(name);
  };
  const run = randomBytes(8).toString("hex");
  const probers = new Map<string, Prober>();
  const start = async (host: Host): Promise<void> => {
    const { name } = host;
    try {
      const listener = {
        heard: (probes: readonly Probe[]) => counts.heard(name, probes),
        lost: (error: XhostError) => lost(name, error),
      };
      probers.set(name, await startProber(host, run, listener));
    } catch (error) {
      if (!(error instanceof XhostError)) throw error;
      lost(name, error);
    }
  };
  try {
    await Promise.all(involved.flatMap((name) => hosts.get(name) ?? []).map(start));
    for (const lanes of batches(lanesOf(ways.filter(isThere)))) {
      counts = tally(lanes.filter(({ way }) => isThere(way)));
      for (const [name, own] of Map.groupBy(lanes, ({ way }) => way.from))
        void probers.get(name)?.send(own.map(laneLine));
      do await round(counts, probers, signal);
      while (counts.nextRound());
      for (const [way, found] of counts.sizes()) sizes.set(way, sharedSizes(found));
    }
  } finally {
    await Promise.all([...probers.values()].map((prober) => prober.close()));
  }
  return { sizes: new Map(ways.filter(isThere).map((way) => [way, sizes.get(way) ?? new Map()])), errors };
};

/** All carriers of a way are in one of them. */
function* batches(lanes: readonly Lane[]): Generator<readonly Lane[], void> {
  for (let begin = 0, end = 0; begin < lanes.length; begin = end) {
    end = begin + AT_ONCE;
    while (end < lanes.length && lanes[end]?.way === lanes[end - 1]?.way) end++;
    yield lanes.slice(begin, end);
  }
}

/**
 * Every packet is sent three times before it is lost: some are lost by chance. All probers have to answer each time, also those
 * that only hear: what one that hangs did not hear is not lost.
 */
const round = async (counts: Tally, probers: ReadonlyMap<string, Prober>, signal?: AbortSignal): Promise<void> => {
  const burst = async (orders: ReadonlyMap<string, readonly string[]>): Promise<void> => {
    signal?.throwIfAborted();
    await Promise.all([...probers].map(([name, prober]) => prober.send(orders.get(name) ?? [])));
  };
  for (const quiet of QUIET) {
    await burst(counts.orders());
    if (await isComplete(counts, quiet, signal)) return;
  }
  await burst(new Map());
};

/** Waits as long as packets keep arriving: with hundreds of hosts their reports take a while. */
const isComplete = async (counts: Tally, quiet: number, signal?: AbortSignal): Promise<boolean> => {
  for (let before = -1; before < counts.count();) {
    before = counts.count();
    const patience = sleep(quiet, "quiet" as const, { ref: false, ...(signal && { signal }) });
    if ((await Promise.race([counts.complete(), patience])) !== "quiet") return true;
  }
  return false;
};
