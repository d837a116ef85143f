import { setTimeout } from "node:timers/promises";
import { lock, type Lock } from "../apply/lock.ts";
import { XhostError } from "../errors.ts";
import type { InventoryHost } from "../inventory/inventory.ts";
import type { Host } from "../ssh/host.ts";

/** Seconds that a run which has the first host waits for another one to leave the others. */
const PATIENCE = 5;

/** Locks a project's hosts so that of two runs which begin at once one gets all of them, and the other one none, unless a host takes longer than PATIENCE to answer. */
export type LockTurns = {
  /** Throws as `lock` does, and what it threw for the first host where another run has that one. */
  readonly lock: (host: InventoryHost, open: Host) => Promise<Lock>;
  /** The host has been looked at, or cannot be. */
  readonly pass: (host: InventoryHost) => void;
};

type Turning = {
  readonly project: string;
  /** What was settled on a host is told once: also by a run that gives it back. */
  readonly onSettled: (settled: string, host: string) => void;
  readonly take?: typeof lock;
};

/**
 * All at once, as soon as the first host is logged in to, and that one decides: who has not got it gives back what it has, and who has got it waits a little for the
 * others. Where the first one does not answer, each is locked for itself.
 */
export const lockTurns = (
  [first]: readonly InventoryHost[],
  { project, onSettled, take: lockHost = lock }: Turning,
): LockTurns => {
  const arrival = Promise.withResolvers<undefined>();
  const decision = Promise.withResolvers<undefined>();
  // Whoever waits for it is told.
  decision.promise.catch(() => undefined);
  const take = async (open: Host, takesOver: boolean): Promise<Lock> => {
    const held = await lockHost(open, project, { takesOver });
    onSettled(held.settled, open.name);
    return held;
  };
  const decide = async (open: Host): Promise<Lock> => {
    arrival.resolve(undefined);
    try {
      const held = await take(open, true);
      decision.resolve(undefined);
      return held;
    } catch (error) {
      if (isBusy(error)) decision.reject(error);
      throw error;
    }
  };
  const follow = async (open: Host): Promise<Lock> => {
    await arrival.promise;
    const held = await patiently((isDecided) => take(open, isDecided), decision.promise);
    try {
      await decision.promise;
      return held;
    } catch (error) {
      // Where that fails, it goes with the connection.
      await held.release().catch(onlyExpected);
      throw error;
    }
  };
  return {
    lock: (host, open) => (host === first ? decide(open) : follow(open)),
    pass: (host) => {
      if (host !== first) return;
      arrival.resolve(undefined);
      decision.resolve(undefined);
    },
  };
};

/** Nobody is ended for a run that may not get the first host. */
const patiently = async (take: (isDecided: boolean) => Promise<Lock>, decision: Promise<undefined>): Promise<Lock> => {
  let end: number | undefined;
  for (;;) {
    try {
      return await take(end !== undefined);
    } catch (error) {
      if (!isBusy(error)) throw error;
      await decision;
      end ??= performance.now() + PATIENCE * 1000;
      if (performance.now() > end) throw error;
      await setTimeout(250);
    }
  }
};

const onlyExpected = (error: unknown): void => {
  if (!(error instanceof XhostError)) throw error;
};

/** Another run has the project. */
export const isBusy = (error: unknown): error is XhostError => error instanceof XhostError && error.code === "CONFLICT";
