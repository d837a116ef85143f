// `xhost scenario` on hosts with kernels of their own: what needs modules that the machine's kernel may lack, and what Docker does there.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { needsLab } from "../../bench/tutorial-page.ts";
import { FOLDER, generate, sources } from "../../bench/tutorial-run.ts";
import { isDeploy } from "../../src/scenario/deploy-scenario.ts";
import { ownScenarios } from "../../src/scenario/library.ts";
import { desk, passes, STATE, type Desk } from "../e2e/scenario-run.ts";
import { testLab, type TestLab } from "../e2e/xhost.ts";

const scenarios = await ownScenarios();
/** What they do with modules of the kernel, their breaks show too; those of the others are broken on the machine's own (test/e2e). */
const OF_MODULES = ["bridge", "ipip", "ovs"];
/** The others need nothing that the machine's own kernel has not. */
const AGAIN = [...OF_MODULES, "docker-bridge", "cross-host"];
const cases = scenarios
  .filter(({ name }) => AGAIN.includes(name))
  .flatMap((scenario) => {
    const breaks = OF_MODULES.includes(scenario.name) ? scenario.breaks.map(({ name }) => name) : [];
    return [undefined, ...breaks].map((broken) => [scenario.name, broken, scenario] as const);
  });
const pages = (await sources()).filter(({ text }) => needsLab(text));

let lab: TestLab;
let at: Desk;
const HOSTS = ["h1", "h2"];
const state = async (): Promise<string> => (await Promise.all(HOSTS.map((host) => lab.on(host, STATE)))).join("\n");

beforeAll(async () => {
  at = await desk();
  lab = await testLab("vm-scen", 2, "bookworm", { kind: "uml" });
  // Its module comes with it, and stays: before is after that.
  await lab.on("h1", "systemctl start openvswitch-switch");
});
afterAll(async () => {
  await lab.down();
  await at.gone();
});

describe("on a host with a kernel of its own", () => {
  test.each(cases)("%s, broken: %s", async (name, broken, scenario) => {
    const before = await state();
    const where = ["-i", lab.lab.inventory, ...(isDeploy(scenario) ? [] : ["--host", "h1"])];
    const words = broken === undefined ? [] : ["--break", broken];
    const { left, broken: it } = passes(await at.xhost("run", name, "--json", ...where, ...words));
    expect(left).toEqual([]);
    if (broken !== undefined) expect(it).toMatchObject({ named: true });
    expect(await state()).toBe(before);
  });

  test("Open vSwitch forwards in the kernel", async () => {
    const { stdout } = await at.xhost("run", "ovs", "--explain", "-i", lab.lab.inventory, "--host", "h1");
    expect(stdout).toContain("$ ovs-vsctl add-br ovs-br\n");
    expect(await lab.on("h1", "ls -d /sys/module/openvswitch")).toContain("openvswitch");
  });

  test.each(pages)("$file of the tutorial is what the tool prints", { timeout: 300_000 }, async (page) => {
    expect(await generate(page, join(lab.folder, ".xhost/lab/vm-scen"))).toBe(
      await readFile(join(FOLDER, page.file), "utf8"),
    );
  });
});
