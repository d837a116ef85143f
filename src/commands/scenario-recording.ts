import { resolve } from "node:path";
import { openCapture } from "../capture/capture-file.ts";
import { pcapngSink } from "../capture/pcapng-sink.ts";
import { POINT_KINDS } from "../capture/point.ts";
import type { CaptureReport } from "../capture/report.ts";
import type { RunOptions } from "../scenario/run.ts";
import type { DeployScenario } from "../scenario/deploy-scenario.ts";
import { recorded } from "../scenario/recording.ts";
import { capture as captureContainers } from "./capture.ts";
import type { Context } from "./context.ts";
import type { DeployRun } from "./scenario-running.ts";

type Words = { readonly capture: string | undefined; readonly version: string };

/** What records the packets of a run: nothing, a file, or stdout for `-`. */
export const recordingFor = async (
  { capture, version }: Words,
  { cwd, write, note }: Context,
): Promise<RunOptions["recording"]> => {
  if (capture === undefined) return (_scenario, _host, work) => work();
  const file = capture === "-" ? undefined : await openCapture(resolve(cwd, capture), capture);
  return async (scenario, host, work) => {
    try {
      return await recorded(scenario, host, work, {
        sink: pcapngSink(file?.write ?? write, `xhost ${version}`),
        onEnd: (tallies) => {
          const sum = tallies.reduce((all, { packets }) => all + packets, 0);
          if (file !== undefined) note(`${sum} packets of ${tallies.length} devices in ${capture}`);
        },
      });
    } finally {
      await file?.close();
    }
  };
};

/** The same of a deploy: what `xhost capture` takes of all its containers, from the first check to the last. */
export const fleetRecordingFor =
  ({ capture, version }: Words, { deploy }: DeployScenario, context: Context): DeployRun["recording"] =>
  async (target, work) => {
    if (capture === undefined) return work();
    const end = new AbortController();
    const ready = Promise.withResolvers<undefined>();
    const its = { ...context, note: () => undefined, progress: { ...context.progress, signal: end.signal } };
    const taking = captureContainers(
      target,
      Object.keys(deploy.wanted.containers),
      {
        ...{
          points: POINT_KINDS,
          file: capture,
          filter: undefined,
          count: undefined,
          seconds: undefined,
          snap: 0,
          version,
        },
        json: false,
        onReady: () => ready.resolve(undefined),
      },
      its,
    );
    await Promise.race([ready.promise, taking]);
    try {
      return await work();
    } finally {
      end.abort();
      const { errors = [], json } = await taking;
      for (const { message } of errors) context.note(message);
      if (capture !== "-") context.note(`${(json as CaptureReport).packets} packets in ${capture}`);
    }
  };
