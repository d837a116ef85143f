import { setTimeout as sleep } from "node:timers/promises";
import { capture } from "../capture/capture.ts";
import { packetText } from "../capture/packet-text.ts";
import type { Point } from "../capture/point.ts";
import type { LivePoint, Sink } from "../capture/sink.ts";
import type { Judged } from "./check-judge.ts";
import { pingScript } from "./check-script.ts";
import type { Place } from "./guard.ts";
import type { End, Probe, Scenario } from "./scenario.ts";

type CaptureProbe = Extract<Probe, { kind: "capture" }>;

/** Bytes kept of each packet: all headers, those of what is inside too. */
const SNAP = 256;

/** Takes packets at the device while the ping goes on, and looks for what should be seen among them. */
export const captureCheck = async (host: Place, scenario: Scenario, check: CaptureProbe): Promise<Judged> => {
  const seen: string[] = [];
  const end = new AbortController();
  const pinged = Promise.withResolvers<undefined>();
  // It may fail before anybody waits for it.
  pinged.promise.catch(() => undefined);
  const ping = async (): Promise<void> => {
    await host.run(pingScript(check.during, scenario), "ping while packets are taken");
    await sleep(200);
    end.abort();
  };
  await capture([pointOf(host.name, scenario, { ...check.at, filter: check.filter ?? "" })], {
    hosts: new Map([[host.name, host]]),
    clocks: new Map(),
    sink: wordSink(seen),
    snap: SNAP,
    count: undefined,
    seconds: undefined,
    signal: end.signal,
    onReady: () =>
      void ping()
        .then(() => pinged.resolve(undefined), pinged.reject)
        .finally(() => end.abort()),
  });
  await pinged.promise;
  return judgeSeen(check, [...new Set(seen)]);
};

const judgeSeen = ({ sees }: CaptureProbe, seen: readonly string[]): Judged => {
  if (sees.length === 0) return { holds: seen.length === 0, seen: seen[0] ?? "nothing was seen" };
  const missing = sees.filter((text) => !seen.some((line) => line.includes(text)));
  const found = seen.find((line) => sees.some((text) => line.includes(text)));
  return missing.length === 0
    ? { holds: true, seen: found ?? "" }
    : { holds: false, seen: `not seen: ${missing.join("; ")}${seen.length === 0 ? ", nothing at all" : ""}` };
};

/** Where packets of a device are taken; `any` for all of the namespace. */
const pointOf = (
  host: string,
  { nodes }: Scenario,
  { node, interface: device, filter }: Pick<End, "node" | "interface"> & { readonly filter: string },
): Point => {
  const kind = nodes.find(({ name }) => name === node)?.kind;
  return {
    host,
    kind: kind === "netns" ? "container" : "bridge",
    device,
    name: [host, ...(kind === "netns" ? [node] : []), device].join(" "),
    pid: undefined,
    netns: kind === "netns" ? node : undefined,
    filter,
  };
};

/** Every device of the scenario, from the namespaces to the host. */
export const allPoints = (host: string, scenario: Scenario): readonly Point[] => {
  const bridges = scenario.nodes
    .filter(({ kind }) => kind === "bridge")
    .map(({ name }) => ({ node: "host", interface: name }));
  const ends = scenario.links.flatMap((link) => ("end" in link ? [link.end] : [...link.ends]));
  return [...ends, ...bridges].map((end) => pointOf(host, scenario, { ...end, filter: "" }));
};

/** The words of each packet, one inside of another in one line. */
const wordSink = (seen: string[]): Sink => {
  let points: readonly LivePoint[] = [];
  return {
    begin: (all) => {
      points = all;
      return Promise.resolve();
    },
    write: (packets) => {
      for (const { point, data } of packets)
        seen.push(packetText(points[point]?.head.linkType ?? 1, data, { vxlan: 4789, wireguard: [] }));
      return Promise.resolve();
    },
    end: () => Promise.resolve(),
  };
};
