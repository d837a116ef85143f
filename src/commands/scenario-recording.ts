import { resolve } from "node:path";
import { openCapture } from "../capture/capture-file.ts";
import { pcapngSink } from "../capture/pcapng-sink.ts";
import type { RunOptions } from "../scenario/run.ts";
import { recorded } from "../scenario/recording.ts";
import type { Context } from "./context.ts";

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
