import { Option, type Command } from "commander";
import type { Finish } from "./context.ts";
import { noFaults } from "../lab/faults-words.ts";
import type { Faults, LabKind } from "../lab/record.ts";
import { isNamed, commandWords, common, names, positive, type Options } from "./options.ts";

/** What a command does is loaded when it is asked for: most of the time of `--help` went into that. */
const lab = () => import("./lab.ts");

type FaultOptions = { readonly drop?: string[]; readonly mtu?: string[]; readonly down?: string[] };
type UpOptions = Options &
  FaultOptions & { kind: LabKind; hosts: number; segments: number; engine?: string; install?: boolean };

/** Adds `xhost lab` with its commands. */
export const addLab = (program: Command, finish: Finish): void => {
  const labs = program
    .command("lab")
    .description("Docker hosts made of namespaces, or each with a kernel of its own, on this Linux machine")
    .enablePositionalOptions();
  if (!isNamed("lab")) return;
  withFaults(common(labs.command("up").description("bring a lab up").argument("[name]", "name of the lab", "lab")))
    .addOption(
      new Option("--kind <kind>", "hosts made of namespaces (seconds), or with a kernel of their own (uml)")
        .choices(["netns", "uml"] satisfies LabKind[])
        .default("netns"),
    )
    .addOption(new Option("--hosts <n>", "how many hosts").argParser(positive).default(2))
    .addOption(
      new Option("--segments <n>", "how many networks the hosts are dealt to in turn, routed by the switch")
        .argParser(positive)
        .default(1),
    )
    .option(
      "--engine <suites>",
      "Docker of a Debian suite: bookworm (20.10), trixie (26.1), sid (28.5); a list is dealt in turn",
    )
    .option("--install", "install missing programs with apt-get")
    .action((name: string, options: UpOptions) =>
      finish(options, async (context) => {
        const { kind, hosts, engine, segments, install = false } = options;
        return (await lab()).up(
          name,
          { kind, hosts, engine, segments, faults: declaredFaults(options), install },
          context,
        );
      }),
    );
  addFault(labs, finish);
  common(labs.command("down").description("take a lab away").argument("[name]", "name of the lab", "lab")).action(
    (name: string, options: Options) => finish(options, async () => (await lab()).down(name)),
  );
  common(labs.command("list").description("the labs of this machine")).action((options: Options) =>
    finish(options, async () => (await lab()).list()),
  );
  common(labs.command("exec").description("run a command on a host of a lab, or on its switch (host `fabric`)"))
    .argument("<name>", "name of the lab")
    .argument("<host>", "host, or fabric")
    .argument("<command...>", "the command", commandWords)
    .passThroughOptions()
    .action((name: string, host: string, command: readonly string[], options: Options) =>
      finish(options, async () => (await lab()).exec(name, host, command, options.json === true)),
    );
  for (const on of [true, false])
    common(labs.command(on ? "start" : "stop").description(on ? "boot a host that was stopped" : "switch a host off"))
      .argument("<name>", "name of the lab")
      .argument("<host>", "host")
      .action((name: string, host: string, options: Options) =>
        finish(options, async (context) => (await lab()).power(name, host, on, context)),
      );
};

const addFault = (labs: Command, finish: Finish): void => {
  withFaults(
    common(
      labs
        .command("fault")
        .description("declare what the switch does wrong from now on, all of it at once; without options show it")
        .argument("<name>", "name of the lab"),
    ),
  )
    .addOption(new Option("--clear", "heal all faults").conflicts(["drop", "mtu", "down"]))
    .option("--install", "install missing programs with apt-get")
    .action((name: string, options: Options & FaultOptions & { clear?: boolean; install?: boolean }) => {
      const { clear = false, install = false } = options;
      const declared = clear ? noFaults : declaredFaults(options);
      return finish(options, async (context) => (await lab()).fault(name, { declared, install }, context));
    });
};

const withFaults = (command: Command): Command => {
  const collect = (value: string, before: readonly string[] = []) => [...before, value];
  return command
    .addOption(
      new Option(
        "--drop <what>",
        "pass no proto4 (IPIP), no udp or udp:PORT, or no foreign-sources; at one host: @HOST, @from-HOST, @to-HOST; repeatable",
      ).argParser(collect),
    )
    .addOption(
      new Option(
        "--mtu <spec>",
        "bytes of all cables: N; of one: HOST=N; of the switch alone: fabric=N; repeatable",
      ).argParser(collect),
    )
    .addOption(
      new Option("--down <hosts>", "unplug these hosts' cables, separated by commas; repeatable").argParser(
        (value: string, before: readonly string[] | undefined) => [...(before ?? []), ...names(value)],
      ),
    );
};

/** Undefined where no option names one. */
const declaredFaults = ({ drop, mtu, down }: FaultOptions): Faults | undefined =>
  drop === undefined && mtu === undefined && down === undefined
    ? undefined
    : { drop: drop ?? [], mtu: mtu ?? [], down: down ?? [] };
