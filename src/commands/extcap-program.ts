import type { Command } from "commander";
import type { Finish } from "./context.ts";
import type { ExtcapFlags } from "./extcap.ts";

/** Adds what the program calls; not for people. Wireshark gives every option of its own that a version of it has. */
export const addExtcap = (program: Command, version: string, finish: Finish): void => {
  program
    .command("extcap", { hidden: true })
    .argument("<inventory>")
    .option("--extcap-interfaces")
    .option("--extcap-version [version]")
    .option("--extcap-interface <interface>")
    .option("--extcap-dlts")
    .option("--extcap-config")
    .option("--extcap-capture-filter <expression>")
    .option("--capture")
    .option("--fifo <path>")
    .option("--filter <expression>")
    .option("--with <container>")
    .option("--point <kinds>")
    .allowUnknownOption()
    .allowExcessArguments()
    .action((inventory: string, flags: ExtcapFlags) =>
      finish({ color: false, timeout: 20, forks: 64 }, async (context) =>
        (await import("./extcap.ts")).extcap(inventory, flags, version, context),
      ),
    );
};
