import { Option, type Command } from "commander";
import { XhostError } from "../errors.ts";
import type { Finish } from "./context.ts";
import { isNamed, common, names, withTimeout, type Options } from "./options.ts";
import type { Where } from "./scenario-place.ts";

type Words = Options & { host?: readonly string[]; inventory?: string; local?: boolean };
type RunWords = Words & { explain?: boolean; keep?: boolean; break?: string; capture?: string; install?: boolean };

/** Adds `xhost scenario` with its commands. */
export const addScenario = (program: Command, version: string, finish: Finish): void => {
  const all = program
    .command("scenario")
    .description("the tutorials: namespaces, bridges, routing, tunnels, each in one command");
  if (!isNamed("scenario")) return;
  common(all.command("list").description("the scenarios there are")).action((options: Options) =>
    finish(options, async () => (await import("./scenario.ts")).list()),
  );
  common(
    all
      .command("show")
      .description("its picture, its commands and what it shows; run nothing")
      .argument("<name>", NAME),
  )
    .option("--mermaid", "the picture alone, as a Mermaid flowchart")
    .action((name: string, options: Options & { mermaid?: boolean }) =>
      finish(options, async (context) =>
        (await import("./scenario-show.ts")).show(name, { isMermaid: options.mermaid === true }, context),
      ),
    );
  placed(
    all.command("run").description("build it, prove each of its claims, and take it back").argument("<name>", NAME),
  )
    .option("--explain", "tell each command before it runs, with what it does and why")
    .option("--break <what>", "break it after that, and name the cause")
    .option("--capture <file>", "the packets of all its devices as pcapng; - for stdout: ... | wireshark -k -i -")
    .option("--keep", "let it stand, to look around")
    .option("--install", "of one that takes several hosts: install what a lab of its own lacks")
    .action((name: string, options: RunWords) =>
      finish(options, async (context) =>
        (await import("./scenario.ts")).run(
          name,
          {
            where: whereOf(options),
            explain: options.explain === true,
            keep: options.keep === true,
            install: options.install === true,
            broken: options.break,
            capture: options.capture,
            version,
            json: options.json === true,
          },
          context,
        ),
      ),
    );
  placed(
    all
      .command("clean")
      .description("take back what a run has left or kept")
      .argument("<name>", "name of the scenario"),
  ).action((name: string, options: Words) =>
    finish(options, async (context) => (await import("./scenario-clean.ts")).clean(whereOf(options), name, context)),
  );
};

const NAME = "name of a scenario, or the path of a file";

const placed = (command: Command): Command =>
  withTimeout(common(command))
    .option("-i, --inventory <file>", "inventory that has the host, or the hosts")
    .addOption(new Option("--host <name>", "the host to run it on, over SSH; several with commas").argParser(names))
    .addOption(
      new Option("--local", "on this machine, in namespaces of their own; the default").conflicts([
        "host",
        "inventory",
      ]),
    );

const whereOf = ({ host, inventory }: Words): Where => {
  if (host === undefined && inventory === undefined) return { kind: "local" };
  if (inventory === undefined) throw new XhostError("INVENTORY", "--host: of which inventory? add -i FILE");
  return { kind: "hosts", inventory, names: host ?? [] };
};
