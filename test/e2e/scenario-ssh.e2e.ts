// `xhost scenario` on a host over SSH, where Docker runs beside it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labStop } from "../../src/lab/power.ts";
import { isDeploy } from "../../src/scenario/deploy-scenario.ts";
import { ownScenarios } from "../../src/scenario/library.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { desk, passes, STATE, type Desk } from "./scenario-run.ts";
import { setFaults, testLab, type TestLab } from "./xhost.ts";

/** ipip takes a module that this kernel may lack, ovs a service that hosts of a lab do not run: both are tried on kernels of their own (test/vm). */
const scenarios = (await ownScenarios())
  .filter((s): s is Scenario => !isDeploy(s))
  .filter(({ name }) => name !== "ipip" && name !== "ovs");
const cases = scenarios.flatMap(({ name, breaks }) =>
  [undefined, ...breaks.map((each) => each.name)].map((broken) => [name, broken] as const),
);

describe("on a host over SSH", () => {
  let lab: TestLab;
  let at: Desk;
  const on = (...args: string[]) => [...args, "-i", lab.lab.inventory, "--host", "h1"];
  const state = (): Promise<string> => lab.on("h1", STATE);
  let before: string;
  beforeAll(async () => {
    at = await desk();
    lab = await testLab("escn", 1, "machine");
    before = await state();
  });
  afterAll(async () => {
    await lab.down();
    await at.gone();
  });

  test.each(cases)("%s, broken: %s, beside Docker", async (name, broken) => {
    const { left } = passes(
      await at.xhost(...on("run", name, "--json"), ...(broken === undefined ? [] : ["--break", broken])),
    );
    expect(left).toEqual([]);
    expect(await state()).toBe(before);
  });

  test("a name that is taken is told, and nothing is touched", async () => {
    await lab.on("h1", "ip netns add ns1; ip link add v2_r type bridge");
    const taken = await state();
    const { code, stderr } = await at.xhost(...on("run", "router"));
    expect(code).toBe(1);
    expect(stderr).toContain("h1: scenario router: nothing was touched, because this is in the way:");
    expect(stderr).toContain("  the network namespace ns1\n  the device v2_r");
    expect(await state()).toBe(taken);
    await lab.on("h1", "ip netns del ns1; ip link del v2_r");
  });

  test("a route to the same network is told; one around it is in nobody's way", async () => {
    await lab.on("h1", "ip route add 10.1.1.0/24 via 10.211.55.1; ip route add 10.0.0.0/8 via 10.211.55.1 metric 7");
    const { code, stderr } = await at.xhost(...on("run", "router"));
    expect(code).toBe(1);
    expect(stderr).toContain("because this is in the way:\n  the route 10.1.1.0/24 via 10.211.55.1 dev eth0");
    expect(stderr).not.toContain("10.0.0.0/8");
    await lab.on("h1", "ip route del 10.1.1.0/24");
    passes(await at.xhost(...on("run", "router", "--json")));
    await lab.on("h1", "ip route del 10.0.0.0/8 metric 7");
    expect(await state()).toBe(before);
  });

  test("a network that would cover whoever is logged in is refused", async () => {
    const file = await at.mine(
      "router",
      "lockout.yml",
      ["10.1.1.1/24", "10.211.55.77/25"],
      ["10.1.1.2/24", "10.211.55.78/25"],
    );
    const { code, stderr } = await at.xhost(...on("run", file));
    expect(code).toBe(1);
    expect(stderr).toContain("  10.211.55.1, the other end of the SSH connection, is in 10.211.55.0/25");
    expect(stderr).toContain("  10.211.55.11, the host itself, is in 10.211.55.0/25");
    expect(await state()).toBe(before);
  });

  test("a command that fails is told with its host, and what was done is taken back", async () => {
    const file = await at.mine("router", "fails.yml", ["via: 10.1.2.1", "via: 10.9.9.9"]);
    const { code, stderr } = await at.xhost(...on("run", file));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^h1: says that 10.1.1.0\/24 is reached through 10.9.9.9: exit status 2\nip -n ns2 route add /,
    );
    expect(await state()).toBe(before);
  });

  test("Open vSwitch that is installed and does not run is not started on somebody's host", async () => {
    const { code, stderr } = await at.xhost(...on("run", "ovs"));
    expect(code).toBe(1);
    expect(stderr).toContain("h1: scenario ovs: Open vSwitch is installed and does not run");
    expect(await state()).toBe(before);
  });

  test("the same one twice at once: the second leaves the first alone", async () => {
    const first = await at.until("✔", "run", ...on("router", "--break", "forwarding"));
    const { code, stderr } = await at.xhost(...on("run", "router"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^h1: the scenario router is being run here since \d{4}-\d\d-\d\d/);
    expect((await first.ended).code).toBe(0);
    expect(await state()).toBe(before);
  });

  test.each([
    ["the build", "$ ip link add"],
    ["the break", "break firewall"],
  ])("Ctrl-C during %s takes everything back, exit code 130", async (_when, text) => {
    const run = await at.until(text, "run", ...on("bridge", "--break", "firewall", "--explain"));
    run.kill("SIGINT");
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("interrupted: what was done was taken back");
    expect(await state()).toBe(before);
  });

  test("killed while it builds, what goes on there is waited for and taken back", async () => {
    // Slow steps: the build is under way when its connection ends.
    const file = await at.mine("router", "slow.yml", [
      "nodes:\n",
      "nodes:\n    slow1: { exec: [{ run: sleep 1, why: waits }] }\n    slow2: { exec: [{ run: sleep 1, why: waits }] }\n",
    ]);
    for (const wait of [700, 1600, 2600]) {
      const run = await at.until("", "run", ...on(file), "--timeout", "30");
      await new Promise((resolve) => setTimeout(resolve, wait));
      run.kill("SIGKILL");
      await run.ended;
      await expect.poll(state, { timeout: 120_000, interval: 500 }).toBe(before);
    }
  });

  test("two different ones at once: the second leaves the first alone, and sysctls are as before", async () => {
    const first = await at.until("✔", "run", ...on("router", "--break", "forwarding"));
    const { code, stderr } = await at.xhost(...on("run", "docker-bridge"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^h1: the scenario router is being run here since \d{4}/);
    expect((await first.ended).code).toBe(0);
    expect(await state()).toBe(before);
  });

  test("a host that forwards by device only has that again afterwards", async () => {
    const forwarding = "cd /proc/sys/net/ipv4/conf; grep -H . */forwarding all/accept_redirects; cat ../ip_forward";
    await lab.on(
      "h1",
      "sysctl -w net.ipv4.ip_forward=0; sysctl -w net.ipv4.conf.docker0.forwarding=1; sysctl -w net.ipv4.conf.all.accept_redirects=0",
    );
    const was = await lab.on("h1", forwarding);
    passes(await at.xhost(...on("run", "router", "--json", "--break", "forwarding")));
    expect(await lab.on("h1", forwarding)).toBe(was);
    await lab.on("h1", "sysctl -w net.ipv4.conf.all.accept_redirects=1; sysctl -w net.ipv4.ip_forward=1");
  });

  test("an undo that is no shell text, and one that ends the shell, keep nothing else from being taken back", async () => {
    for (const [i, undo] of ["echo it's", "exit 0", "true # no", "sleep 100 &"].entries()) {
      const exec = `host: { exec: [{ run: "true", undo: ${JSON.stringify(undo)}, why: waits }] }\n    ns1:`;
      const file = await at.mine("veth", `undo${i}.yml`, ["ns1:\n", `${exec}\n`]);
      expect((await at.xhost(...on("run", file))).code, undo).toBe(0);
      await lab.on("h1", "pkill -x sleep -n || true");
      expect(await lab.on("h1", "ip netns list; ls /run/xhost 2>/dev/null || true")).toBe("");
    }
  });

  test("what `clean` is given is a name or a path, and nothing else", async () => {
    for (const word of ["../../../home", "", "x; reboot", "Router"]) {
      const { code, stderr } = await at.xhost("clean", word, "-i", lab.lab.inventory, "--host", "h1");
      expect(code, word).toBe(3);
      expect(stderr).toMatch(/should be a name such as router, or the path of a file|cannot be read/);
    }
  });

  test("killed without a word, the host takes it back by itself", async () => {
    const run = await at.until("break", "run", ...on("bridge", "--break", "firewall"));
    run.kill("SIGKILL");
    await run.ended;
    await expect.poll(state, { timeout: 120_000, interval: 500 }).toBe(before);
  });

  test("with the cable unplugged xhost ends, and the host takes it back by itself", async () => {
    const run = await at.until("break", "run", ...on("bridge", "--break", "firewall", "--timeout", "5"));
    await setFaults(lab, { down: ["h1"] });
    const { code, stderr } = await run.ended;
    expect(code).not.toBe(0);
    expect(stderr).toContain("h1: ");
    await setFaults(lab);
    await expect.poll(state, { timeout: 120_000, interval: 500 }).toBe(before);
  });

  test("with its guard killed too it stays, until the next run takes it back", async () => {
    const run = await at.until("break", "run", ...on("router", "--break", "route"));
    await lab.on(
      "h1",
      `fuser -k -9 /run/xhost/scenario/lock >/dev/null 2>&1 || kill -9 $(grep -l xhost/scenario/router /proc/[0-9]*/cmdline | cut -d/ -f3)`,
    );
    run.kill("SIGKILL");
    await run.ended;
    expect(await lab.on("h1", "ip netns list")).toContain("ns1");
    const { code, stderr } = await at.xhost(...on("run", "router"));
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/What a run of \d{4}-.* had left was taken back first/);
    expect(await state()).toBe(before);
  });

  test("one that is kept is taken back by the next run, and by `clean`", async () => {
    expect((await at.xhost(...on("run", "router", "--keep"))).code).toBe(0);
    expect(await lab.on("h1", "ip netns list | sort")).toMatch(/^ns1.*\nns2/);
    const { code, stderr } = await at.xhost(...on("run", "router"));
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/What a run of \d{4}-.* had left was taken back first/);
    expect(await state()).toBe(before);
    expect((await at.xhost(...on("run", "router", "--keep"))).code).toBe(0);
    expect((await at.xhost(...on("clean", "router"))).stdout).toBe("The scenario router was taken back.");
    expect(await state()).toBe(before);
  });

  test("a host that does not answer, and one that is not in the inventory", async () => {
    const inventory = ["-i", lab.lab.inventory];
    expect((await at.xhost("run", "veth", ...inventory, "--host", "h9")).code).toBe(3);
    const { code: without, stderr: told } = await at.xhost("run", "veth", ...inventory);
    expect(without).toBe(3);
    expect(told).toContain("--inventory: on which of its hosts? add --host NAME (known: h1)");
    await labStop({ name: "escn", host: "h1" });
    const { code, stderr } = await at.xhost(...on("run", "veth"), "--timeout", "3");
    expect(code).toBe(4);
    expect(stderr).toContain("h1: cannot connect");
  });
});
