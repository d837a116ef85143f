import { capture } from "../capture/capture.ts";
import { measureClock } from "../capture/clock.ts";
import type { Sink, Tally } from "../capture/sink.ts";
import { allPoints } from "./check-capture.ts";
import type { Place } from "./guard.ts";
import type { Scenario } from "./scenario.ts";

type Recording = { readonly sink: Sink; readonly onEnd: (tallies: readonly Tally[]) => void };

/** Takes the packets of all the scenario's devices while the work goes on; all that came is in the sink when this resolves. */
export const recorded = async <T>(
  scenario: Scenario,
  host: Place,
  work: () => Promise<T>,
  { sink, onEnd }: Recording,
): Promise<T> => {
  const end = new AbortController();
  const ready = Promise.withResolvers<undefined>();
  const taken = capture(allPoints(host.name, scenario), {
    hosts: new Map([[host.name, host]]),
    clocks: new Map([[host.name, await measureClock(host)]]),
    sink,
    snap: 0,
    count: undefined,
    seconds: undefined,
    signal: end.signal,
    onReady: () => ready.resolve(undefined),
  });
  taken.catch(ready.reject);
  await ready.promise;
  try {
    return await work();
  } finally {
    end.abort();
    const { tallies } = await taken;
    onEnd(tallies);
  }
};
