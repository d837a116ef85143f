import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { XhostError } from "../errors.ts";
import { sharedSizes, type Sizes, type Way } from "../model/evidence.ts";
import type { Host } from "../ssh/host.ts";
import { laneLine, lanesOf, type Probe } from "./measure-lines.ts";
import { tally, type Tally } from "./measure-tally.ts";
import { startProber, type Prober } from "./prober.ts";

/** Milliseconds without news after which what is missing is sent again, and at last given up. */
const QUIET = [100, 200, 500];

/** Seconds that a prober lives whose connection has died without a sign, and one more for each host. */
const LIFE = 60;

/** Probers that are started side by side: each has to hear within ten seconds. */
const STARTS = 64;

/** Lanes that are measured at a time, with up to six packets each: of all ways between hundreds of hosts those of one burst would be a million and more. */
const AT_ONCE = 10_000;

/**
 * Finds out with real packets what arrives on each way, to the byte. The receivers hear before their own netfilter does: it is
 * the fabric that is measured. One session per host; nothing is left on the hosts. `errors` has, by host, why nothing could be
 * measured there; ways with an end there, or at a host that is not in `hosts`, are not in `sizes`. Rejects soon after `signal`.
 */
export const measure = async (
  ways: readonly Way[],
  { hosts, signal, atOnce = AT_ONCE }: { hosts: ReadonlyMap<string, Host>; signal?: AbortSignal; atOnce?: number },
): Promise<{
  readonly sizes: ReadonlyMap<Way, Sizes>;
  readonly errors: ReadonlyMap<string, XhostError>;
}> => {
  const errors = new Map<string, XhostError>();
  const sizes = new Map<Way, Sizes>();
  const isThere = ({ from, to }: Way): boolean => [from, to].every((name) => hosts.has(name) && !errors.has(name));
  const involved = new Set<string>();
  for (const way of ways) if (isThere(way)) involved.add(way.from).add(way.to);
  let counts = tally([]);
  const lost = (name: string, error: XhostError): void => {
    errors.set(name, error);
    counts.drop(name);
  };
  // With many hosts the others' probers have to live longer.
  const run = { id: randomBytes(8).toString("hex"), life: LIFE + involved.size };
  const probers = new Map<string, Prober>();
  const start = async (host: Host): Promise<void> => {
    // Those that have begun are ended in order.
    if (signal?.aborted === true) return;
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
    await pLimit(STARTS).map(
      [...involved].flatMap((name) => hosts.get(name) ?? []),
      start,
    );
    signal?.throwIfAborted();
    for (const lanes of lanesOf(ways.filter(isThere), atOnce)) {
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
  for (const way of ways) {
    if (!isThere(way)) sizes.delete(way);
    else if (!sizes.has(way)) sizes.set(way, sharedSizes(new Map()));
  }
  return { sizes, errors };
};

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
