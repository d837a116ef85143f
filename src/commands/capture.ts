import { resolve } from "node:path";
import { openCapture } from "../capture/capture-file.ts";
import { capture as captureAt } from "../capture/capture.ts";
import { lineSink } from "../capture/line-sink.ts";
import { pcapngSink } from "../capture/pcapng-sink.ts";
import type { Point, PointKind } from "../capture/point.ts";
import { pointsOf } from "../capture/points.ts";
import type { CaptureReport } from "../capture/report.ts";
import type { Sink, Tally } from "../capture/sink.ts";
import { XhostError } from "../errors.ts";
import type { Inventory, InventoryContainer } from "../inventory/inventory.ts";
import type { Fabric } from "../model/fabric.ts";
import { lookForCapture, type CaptureLook } from "./capture-look.ts";
import { failureCode } from "./change.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { readInventory } from "./read-inventory.ts";
import { table } from "./table.ts";

/** How packets are taken, as the command line has it. */
export type CaptureOptions = {
  readonly points: readonly PointKind[];
  /** File, `-` for stdout; undefined: a line for each packet. */
  readonly file: string | undefined;
  readonly filter: string | undefined;
  readonly count: number | undefined;
  readonly seconds: number | undefined;
  /** Bytes of each packet, 0 for all. */
  readonly snap: number;
  readonly version: string;
  readonly json: boolean;
  /** Called when packets are being taken at every point. */
  readonly onReady?: () => void;
};

/** Takes the packets of containers at the points of their way, on all their hosts at once, in one order of time. */
export const capture = async (
  { inventory: file, limit }: Target,
  names: readonly string[],
  options: CaptureOptions,
  context: Context,
): Promise<Outcome> => {
  if (options.file === "-" && options.json)
    throw new XhostError("INVENTORY", "--json: its document and the packets of `-w -` cannot both go to stdout");
  const inventory = await readInventory(file, context);
  const containers = namedContainers(inventory, names);
  checkLimit(inventory, limit);
  return lookForCapture(inventory, { containers, limit }, context, async (look) => {
    const points = pointsOf(look.fabric, look.taken, { kinds: new Set(options.points), filter: options.filter });
    const { sink, close } = await sinkOf(look.fabric, options, context);
    try {
      return outcomeOf(
        options,
        await captureAt(points, {
          ...workOf(look, options, context),
          sink,
          onReady: () => {
            context.note(begun(points));
            options.onReady?.();
          },
        }),
        context,
      );
    } finally {
      await close();
    }
  });
};

const workOf = ({ hosts, clocks }: CaptureLook, { count, seconds, snap }: CaptureOptions, { progress }: Context) => ({
  hosts,
  clocks,
  count,
  seconds,
  snap,
  signal: progress.signal,
});

const begun = (points: readonly Point[]): string =>
  [`Capturing at ${points.length} points; Ctrl-C ends it:`, ...points.map(({ name }) => `  ${name}`)].join("\n");

/** By ref, or by the key of the inventory, which names every copy. */
const namedContainers = ({ file, containers }: Inventory, names: readonly string[]): readonly InventoryContainer[] => {
  const unknown = names.filter((name) => !containers.some((c) => c.ref === name || c.name === name));
  if (unknown.length > 0)
    throw new XhostError(
      "INVENTORY",
      `capture: no container named ${unknown.join(", ")} in ${file} (known: ${containers.map((c) => c.ref).join(", ")})`,
    );
  return containers.filter((c) => names.includes(c.ref) || names.includes(c.name));
};

const checkLimit = ({ file, hosts }: Inventory, limit: readonly string[] | undefined): void => {
  const unknown = limit?.filter((name) => hosts.every((h) => h.name !== name)) ?? [];
  if (unknown.length > 0) throw new XhostError("INVENTORY", `--limit: no host named ${unknown.join(", ")} in ${file}`);
};

type Opened = { readonly sink: Sink; readonly close: () => Promise<void> };

const sinkOf = async (fabric: Fabric, { file, version, json }: CaptureOptions, context: Context): Promise<Opened> => {
  const nothing = (): Promise<void> => Promise.resolve();
  const application = `xhost ${version}`;
  if (file === "-") return { sink: pcapngSink(context.write, application), close: nothing };
  if (file !== undefined) {
    const { write, close } = await openCapture(resolve(context.cwd, file), file);
    return { sink: pcapngSink(write, application), close };
  }
  const ports = {
    vxlan: fabric.ports.vxlan,
    wireguard: [...fabric.ports.wireguard.values()].map(({ port }) => port),
  };
  return { sink: lineSink(json ? nothing : context.write, ports), close: nothing };
};

/** Of what was taken, as tcpdump says at its end: on stderr where stdout has the packets. */
const outcomeOf = (
  { file, json }: CaptureOptions,
  { tallies, troubles }: { readonly tallies: readonly Tally[]; readonly troubles: readonly XhostError[] },
  { note }: Context,
): Outcome => {
  const sum = tallies.reduce((all, { packets }) => all + packets, 0);
  const summary = [talliesTable(tallies), `${sum} packets${file === undefined || file === "-" ? "" : ` in ${file}`}`];
  const text = summary.join("\n");
  const isApart = file !== undefined && file !== "-";
  if (!isApart && !json) note(text);
  const points = tallies.map(({ point: { host, kind, device, name }, packets, dropped, lost }) => ({
    ...{ host, kind, device, name },
    ...{ packets, dropped, lost },
  }));
  const report: CaptureReport = {
    file: file ?? null,
    packets: sum,
    points,
    failed: troubles.map(({ message }) => message),
  };
  return {
    text: isApart ? text : "",
    errors: troubles,
    json: report,
    code: failureCode(troubles),
  };
};

const talliesTable = (tallies: readonly Tally[]): string =>
  table(
    ["POINT", "PACKETS", "DROPPED BY THE KERNEL", "LOST ON THE WAY HERE"],
    tallies.map(({ point, packets, dropped, lost }) => [
      point.name,
      String(packets),
      dropped > 0 ? String(dropped) : "",
      lost > 0 ? String(lost) : "",
    ]),
  );
