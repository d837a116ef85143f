import { Option, type Command } from "commander";
import type { Finish } from "./context.ts";
import * as lab from "./lab.ts";
import { common, positive, type Options } from "./options.ts";

/** Adds `xhost lab` with its commands. */
export const addLab = (program: Command, finish: Finish): void => {
  const labs = program
    .command("lab")
    .description("Docker hosts made of network namespaces on this Linux machine")
    .enablePositionalOptions();
  common(labs.command("up").description("bring a lab up").argument("[name]", "name of the lab", "lab"))
    .addOption(new Option("--hosts <n>", "how many hosts").argParser(positive).default(2))
    .option(
      "--engine <suites>",
      "Docker of a Debian suite: bookworm (20.10), trixie (26.1), sid (28.5); a list is dealt in turn",
    )
    .option("--install", "install missing programs with apt-get")
    .action((name: string, options: Options & { hosts: number; engine?: string; install?: boolean }) =>
      finish(options, (context) =>
        lab.up(name, { hosts: options.hosts, engine: options.engine, install: options.install === true }, context),
      ),
    );
  common(labs.command("down").description("take a lab away").argument("[name]", "name of the lab", "lab")).action(
    (name: string, options: Options) => finish(options, () => lab.down(name)),
  );
  common(labs.command("list").description("the labs of this machine")).action((options: Options) =>
    finish(options, () => lab.list()),
  );
  common(labs.command("exec").description("run a command on a host of a lab, or on its switch (host `fabric`)"))
    .argument("<name>", "name of the lab")
    .argument("<host>", "host, or fabric")
    .argument("<command...>", "the command")
    .passThroughOptions()
    .action((name: string, host: string, command: string[], options: Options) =>
      finish(options, () => lab.exec(name, host, command, options.json === true)),
    );
  for (const on of [true, false])
    common(labs.command(on ? "start" : "stop").description(on ? "boot a host that was stopped" : "switch a host off"))
      .argument("<name>", "name of the lab")
      .argument("<host>", "host")
      .action((name: string, host: string, options: Options) =>
        finish(options, (context) => lab.power(name, host, on, context)),
      );
};
