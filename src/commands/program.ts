import { Command, CommanderError, Option } from "commander";
import { addCapture } from "./capture-program.ts";
import type { Finish, Target } from "./context.ts";
import { addLab } from "./lab-program.ts";
import { common, onHosts, onInventory, positive, type Options, withConfirm } from "./options.ts";
import { addScenario } from "./scenario-program.ts";

export { CommanderError };

/** The whole command line; commander prints help and usage errors itself and throws a CommanderError behind them. */
export const program = (version: string, finish: Finish): Command => {
  const whole = new Command("xhost")
    .description("Container networking across plain Docker hosts, over SSH, without agents or a key-value store")
    .version(version)
    .enablePositionalOptions()
    .exitOverride();
  addInit(whole, finish);
  addValidate(whole, finish);
  addPlan(whole, finish);
  addDeploy(whole, finish);
  addStatus(whole, finish);
  addDoctor(whole, finish);
  addTrace(whole, finish);
  addCapture(whole, version, finish);
  addDestroy(whole, finish);
  addEject(whole, finish);
  addLab(whole, finish);
  addScenario(whole, version, finish);
  return whole;
};

const target = (inventory: string, { limit }: Options): Target => ({ inventory, limit });

const addInit = (program: Command, finish: Finish): void => {
  onHosts(program.command("init").description("write a starter inventory"))
    .argument("[file]", "the new file", "inventory.yml")
    .option("--from <source...>", "read the hosts from: vagrant [FOLDER], ssh-config [FILE], ansible [INVENTORY]")
    .action((file: string, options: Options & { from?: readonly string[] }) =>
      finish(options, async (context) =>
        (await import("./init.ts")).init(file, { from: options.from, only: options.limit }, context),
      ),
    );
};

const addValidate = (program: Command, finish: Finish): void => {
  common(
    program.command("validate").description("check the inventory file alone").argument("<inventory>", "inventory file"),
  ).action((inventory: string, options: Options) =>
    finish(options, async (context) => (await import("./validate.ts")).validate(inventory, context)),
  );
};

const addPlan = (program: Command, finish: Finish): void => {
  onInventory(program.command("plan").description("show what would change, with the exact commands; change nothing"))
    .option("--detailed-exitcode", "exit with 2 when there are changes")
    .option(
      "--i-know",
      "allow `firewall: flush` where the INPUT policy is DROP, and addresses that the host is managed by",
    )
    .option("--reprobe", "measure the ways between the hosts again")
    .action(
      (inventory: string, options: Options & { detailedExitcode?: boolean; iKnow?: boolean; reprobe?: boolean }) =>
        finish(options, async (context) =>
          (await import("./plan.ts")).plan(target(inventory, options), context, {
            detailedExitcode: options.detailedExitcode === true,
            iKnow: options.iKnow === true,
            reprobe: options.reprobe === true,
          }),
        ),
    );
};

const addDeploy = (program: Command, finish: Finish): void => {
  withConfirm(
    onInventory(program.command("deploy").description("plan, ask, apply, and check connectivity with packets")),
  )
    .option("-y, --yes", "do not ask")
    .option(
      "--i-know",
      "allow `firewall: flush` where the INPUT policy is DROP, and addresses that the host is managed by",
    )
    .option("--reprobe", "measure the ways between the hosts again")
    .action((inventory: string, options: Options & { yes?: boolean; iKnow?: boolean; reprobe?: boolean }) =>
      finish(options, async (context) =>
        (await import("./deploy.ts")).deploy(target(inventory, options), context, {
          yes: options.yes === true,
          iKnow: options.iKnow === true,
          reprobe: options.reprobe === true,
        }),
      ),
    );
};

const addStatus = (program: Command, finish: Finish): void => {
  onInventory(program.command("status").description("hosts, networks, containers, links and drift")).action(
    (inventory: string, options: Options) =>
      finish(options, async (context) => (await import("./status.ts")).status(target(inventory, options), context)),
  );
};

const addDoctor = (program: Command, finish: Finish): void => {
  onInventory(
    program
      .command("doctor")
      .description("every host, every pair and every check; names what is guilty and the remedy"),
  )
    .option("--full", "every check, and everything measured again, however many hosts there are")
    .addOption(
      new Option("--watch [s]", "again every so many seconds, and tell what changes")
        .argParser(positive)
        .preset(30)
        .conflicts("json"),
    )
    .action((inventory: string, options: Options & { full?: boolean; watch?: number }) =>
      finish(options, async (context) =>
        (await import("./doctor.ts")).doctor(target(inventory, options), context, {
          full: options.full === true,
          watch: options.watch,
        }),
      ),
    );
};

const addTrace = (program: Command, finish: Finish): void => {
  onInventory(
    program.command("trace").description("hop by hop, where packets between two containers go and where they die"),
  )
    .argument("<from>", "container as the inventory calls it, such as web or db@h2")
    .argument("<to>", "container")
    .option("--tcp <port>", "the first packet of a TCP connection instead of echo requests", positive)
    .option("--size <bytes>", "packets of that many bytes, which must not be fragmented", positive)
    .option("--static", "send nothing: walk what was read of the hosts")
    .action(
      (
        inventory: string,
        from: string,
        to: string,
        options: Options & { tcp?: number; size?: number; static?: boolean },
      ) =>
        finish(options, async (context) =>
          (await import("./trace.ts")).trace(target(inventory, options), context, {
            from,
            to,
            tcp: options.tcp,
            size: options.size,
            isStatic: options.static === true,
          }),
        ),
    );
};

const addDestroy = (program: Command, finish: Finish): void => {
  withConfirm(
    onInventory(
      program.command("destroy").description("remove everything the inventory's name owns, and nothing else"),
    ),
  )
    .option("-y, --yes", "do not ask")
    .option("--volumes", "remove named volumes too, with their data")
    .action((inventory: string, options: Options & { yes?: boolean; volumes?: boolean }) =>
      finish(options, async (context) =>
        (await import("./destroy.ts")).destroy(target(inventory, options), context, {
          yes: options.yes === true,
          volumes: options.volumes === true,
        }),
      ),
    );
};

const addEject = (program: Command, finish: Finish): void => {
  onInventory(
    program
      .command("eject")
      .description("write what is on the hosts as plain shell, units and rules, to go on without xhost"),
  )
    .argument("<folder>", "new folder, with one for each host in it")
    .action((inventory: string, folder: string, options: Options) =>
      finish(options, async (context) =>
        (await import("./eject.ts")).eject(target(inventory, options), folder, context),
      ),
    );
};
