import { InvalidArgumentError, Option, type Command } from "commander";
import { POINT_KINDS, type PointKind } from "../capture/point.ts";
import { XhostError } from "../errors.ts";
import type { Finish } from "./context.ts";
import { addExtcap } from "./extcap-program.ts";
import { isNamed, onInventory, positive, type Options } from "./options.ts";

type CaptureFlags = Options & {
  readonly point: readonly PointKind[];
  readonly write?: string;
  readonly filter?: string;
  readonly count?: number;
  readonly seconds?: number;
  readonly snap: number;
  readonly installExtcap?: boolean;
  readonly dir?: string;
};

/** Points by commas. */
export const pointKinds = (value: string): readonly PointKind[] => {
  const words = value.split(",").filter((word) => word !== "");
  const kinds = POINT_KINDS.filter((kind) => words.includes(kind));
  if (kinds.length === 0 || kinds.length !== new Set(words).size)
    throw new InvalidArgumentError(`should be some of ${[...POINT_KINDS].reverse().join(", ")}`);
  return kinds;
};

/** Adds `xhost capture`, and what Wireshark calls. */
export const addCapture = (program: Command, version: string, finish: Finish): void => {
  onInventory(
    program.command("capture").description("live packets of containers, across hosts, to one pcapng or to the screen"),
  )
    .argument("[containers...]", "one: all its packets; several: those between them")
    .addOption(
      new Option("--point <kinds>", "where on each host: container, bridge, tunnel, nic")
        .argParser(pointKinds)
        .default(POINT_KINDS, "all four"),
    )
    .option(
      "-w, --write <file>",
      "a pcapng file, `-` for stdout (| wireshark -k -i -); default: a line for each packet",
    )
    .option("--filter <expression>", "narrows it further: an expression of pcap-filter(7)")
    .addOption(new Option("--count <n>", "end after that many packets").argParser(positive))
    .addOption(new Option("--seconds <n>", "end after that time").argParser(positive))
    .addOption(new Option("--snap <bytes>", "of each packet; default: all").argParser(positive).default(0, "all"))
    .option("--install-extcap", "make the inventory's containers interfaces of Wireshark")
    .option("--dir <folder>", "Wireshark's folder of extcap programs, where it is not the usual one")
    .action((inventory: string, containers: readonly string[], flags: CaptureFlags) =>
      finish(flags, async (context) => {
        if (flags.installExtcap === true)
          return (await import("./extcap.ts")).installExtcap(inventory, { dir: flags.dir }, context);
        if (containers.length === 0) throw new XhostError("INVENTORY", "capture: name a container, or several");
        const { point: points, write: file, filter, count, seconds, snap, limit, json = false } = flags;
        const options = { points, file, filter, count, seconds, snap, version, json };
        return (await import("./capture.ts")).capture({ inventory, limit }, containers, options, context);
      }),
    );
  if (isNamed("extcap")) addExtcap(program, version, finish);
};
