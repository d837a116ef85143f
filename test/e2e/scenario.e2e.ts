// `xhost scenario` as a user runs it on this machine, in namespaces of their own.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isDeploy } from "../../src/scenario/deploy-scenario.ts";
import { ownScenarios } from "../../src/scenario/library.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { desk, machine, passes, type Desk } from "./scenario-run.ts";
import { CLI } from "./xhost.ts";

/** Those on one host; what is a deploy over several has a file of its own. */
const scenarios = (await ownScenarios()).filter((s): s is Scenario => !isDeploy(s));
/** A private namespace loads no module: what is not loaded is not there. */
const hasModule = async (module: string): Promise<boolean> =>
  (
    await execa(
      "sh",
      ["-c", `test -d /sys/module/${module} || { test ${module} = br_netfilter && test -d /proc/sys/net/bridge; }`],
      { reject: false },
    )
  ).exitCode === 0;
const cases = await Promise.all(
  scenarios.flatMap((s) =>
    [undefined, ...s.breaks].map(async (broken) => {
      const modules = [...s.needs.modules, ...(broken?.modules ?? [])];
      return { name: s.name, broken: broken?.name, lacks: !(await Promise.all(modules.map(hasModule))).every(Boolean) };
    }),
  ),
);

let at: Desk;
beforeAll(async () => void (at = await desk()));
afterAll(() => at.gone());

describe("on this machine", () => {
  let before: string;
  beforeAll(async () => void (before = await machine()));

  for (const { name, broken, lacks } of cases)
    test.skipIf(lacks)(`${name}, broken: ${broken ?? "no"}`, async () => {
      const words = broken === undefined ? [] : ["--break", broken];
      const { checks, broken: it, left } = passes(await at.xhost("run", name, "--json", ...words));
      expect(checks.length).toBeGreaterThan(0);
      expect(left).toEqual([]);
      if (broken !== undefined) expect(it).toMatchObject({ named: true });
      expect(await machine()).toBe(before);
    });

  test("one that the kernel cannot run says what it lacks, and where it would", async () => {
    const file = await at.mine("veth", "none.yml", ["topology:", "needs: { modules: [xh_none] }\ntopology:"]);
    const { code, stderr } = await at.xhost("run", file);
    expect(code).toBe(1);
    expect(stderr).toContain("has no module xh_none");
    expect(stderr).toContain("xhost lab up real --kind uml");
    expect(await machine()).toBe(before);
  });

  test("a program that is missing is told with its package, before anything is touched", async () => {
    const file = await at.mine("veth", "none.yml", ["topology:", "needs: { programs: [xh-none] }\ntopology:"]);
    const { code, stderr } = await at.xhost("run", file);
    expect(code).toBe(1);
    expect(stderr).toContain("programs are missing: xh-none");
    expect(await machine()).toBe(before);
  });

  test("somebody who is not root is told so", async () => {
    const nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    const { exitCode, stderr } = await execa("setpriv", [...nobody, process.execPath, CLI, "scenario", "run", "veth"], {
      reject: false,
      cwd: "/",
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("needs root: run it with sudo, or on a host of an inventory with --host");
  });

  test("--explain tells each command before what it gave, and what it is for", async () => {
    const { code, stdout, stderr } = await at.xhost("run", "router", "--explain");
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(
      "# makes the network namespace ns1: a network of its own, with nothing in it but lo\n$ ip netns add ns1\n",
    );
    expect(stdout.indexOf("$ sysctl -w net.ipv4.ip_forward=1")).toBeLessThan(stdout.indexOf("✔ ns1 reaches ns2"));
    expect(stdout).toContain("3 of 3 checks passed\nEverything was taken back: the host is as it was.");
  });

  test("show prints the picture and the commands, and runs nothing", async () => {
    const { code, stdout } = await at.xhost("show", "ipip");
    expect(code).toBe(0);
    expect(stdout).toContain("[ns1] tun1 10.10.100.10");
    expect(stdout).toContain("  ip -n ns1 tunnel add tun1 mode ipip remote 10.10.20.2 local 10.10.10.2\n");
    expect((await at.xhost("show", "ipip", "--mermaid")).stdout).toMatch(/^flowchart LR\n/);
    expect(await machine()).toBe(before);
  });

  test("--capture has the packets of every device, and they can be piped", async () => {
    passes(await at.xhost("run", "router", "--json", "--capture", "router.pcapng"));
    const { stdout } = await execa("tshark", [
      "-n",
      "-r",
      join(at.folder, "router.pcapng"),
      "-Y",
      "icmp",
      "-T",
      "fields",
      "-e",
      "frame.interface_name",
    ]);
    expect(new Set(stdout.split("\n"))).toEqual(new Set(["local ns1 v1", "local v1_r", "local v2_r", "local ns2 v2"]));
    const piped = await execa(
      "bash",
      [
        "-o",
        "pipefail",
        "-c",
        `"${process.execPath}" "${CLI}" scenario run router --capture - | tshark -n -r - -Y icmp`,
      ],
      { cwd: at.folder, reject: false, stdin: "ignore" },
    );
    expect(piped.exitCode, piped.stderr).toBe(0);
    expect(piped.stdout).toContain("10.1.1.2 → 10.1.2.2");
    expect(piped.stderr).toContain("3 of 3 checks passed");
  });

  test("one that is kept stands until it is cleaned", async () => {
    const { code, stdout, stderr } = await at.xhost("run", "router", "--keep");
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("It was kept. To take it back: xhost scenario clean router --local");
    const [, pid = ""] = /nsenter --target (\d+) --all/.exec(stderr) ?? [];
    const { stdout: pinged } = await execa("nsenter", [
      "--target",
      pid,
      "--all",
      "ip",
      "netns",
      "exec",
      "ns1",
      "ping",
      "-c1",
      "10.1.2.2",
    ]);
    expect(pinged).toContain("ttl=63");
    expect((await at.xhost("clean", "router")).stdout).toBe("The scenario router was taken back.");
    expect((await at.xhost("clean", "router")).stdout).toBe("There is nothing of a scenario router on this machine.");
    expect(await machine()).toBe(before);
  });

  test("a file of one's own is run; what is wrong with it is told with its place", async () => {
    await at.mine("veth", "mine.yml", ["name: veth", "name: mine"]);
    expect(passes(await at.xhost("run", "./mine.yml", "--json")).checks).toHaveLength(3);
    await at.mine("veth", "wrong.yml", ["title:", "titel:"]);
    const { code, stderr } = await at.xhost("run", "wrong.yml");
    expect(code).toBe(3);
    expect(stderr).toMatch(/^wrong.yml:\d+:1 titel: unknown key$/m);
    expect((await at.xhost("run", "nothing")).stderr).toContain("there is none of that name (known: ");
    expect((await at.xhost("run", "veth", "--break", "nothing")).code).toBe(3);
  });

  test("the examples of docs/scenarios.md are true", async () => {
    const text = await readFile(join(import.meta.dirname, "../../docs/scenarios.md"), "utf8");
    const examples = [...text.matchAll(/```yaml\n(name: mine\n[^]*?)```/g)].map(([, file = ""]) => file);
    expect(examples).toHaveLength(2);
    for (const example of examples) {
      await writeFile(join(at.folder, "example.yml"), example);
      const words = example.includes("breaks:") ? ["--break", "cable"] : [];
      passes(await at.xhost("run", "./example.yml", "--json", ...words));
    }
  });

  test("a ping that fails is explained though nothing was broken, and nothing is broken then", async () => {
    await at.mine("router", "closed.yml", ["net.ipv4.ip_forward: 1", "net.ipv4.ip_forward: 0"]);
    const { code, stdout, stderr } = await at.xhost("run", "./closed.yml", "--break", "route");
    expect(code).toBe(1);
    expect(stdout).toContain("  → local: net.ipv4.conf.v1_r.forwarding = 0: what comes in by v1_r is not forwarded");
    expect(stdout).not.toContain("break route");
    expect(stderr).toContain("--break route: nothing was broken, because a check had failed before");
  });

  test("a claim that does not hold is told with what was seen, and all is taken back", async () => {
    await at.mine("router", "false.yml", ["ttl: 63", "ttl: 64"]);
    const { code, stdout } = await at.xhost("run", "./false.yml");
    expect(code).toBe(1);
    expect(stdout).toMatch(/✖ ns1 reaches ns2.*\n {4}64 bytes from 10.1.2.2: icmp_seq=1 ttl=63, which should be 64\n/);
    expect(stdout).toContain("2 of 3 checks passed\nEverything was taken back");
  });

  test("a command that fails is told with what it said, and what was done is taken back", async () => {
    await at.mine("router", "fails.yml", ["via: 10.1.2.1", "via: 10.9.9.9"]);
    const { code, stderr } = await at.xhost("run", "./fails.yml");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^local: says that 10.1.1.0\/24 is reached through 10.9.9.9: exit status 2\nip -n ns2 route add 10.1.1.0\/24 via 10.9.9.9\n/,
    );
    expect(stderr).toContain("Nexthop has invalid gateway");
    expect(await machine()).toBe(before);
  });

  test.each([
    ["SIGINT", "✔"],
    ["SIGKILL", "✔"],
    ["SIGINT", "$ ip link add"],
  ] as const)("%s after %s leaves nothing", async (signal, text) => {
    const run = await at.until(text, "run", "bridge", "--break", "port", "--explain");
    const { stdout: holder } = await execa("pgrep", ["-P", String(run.pid), "unshare"]);
    run.kill(signal);
    const { code, stderr } = await run.ended;
    if (signal === "SIGINT") expect(code).toBe(130);
    if (signal === "SIGINT") expect(stderr).toContain("interrupted: what was done was taken back");
    const alive = async (): Promise<number | undefined> =>
      (await execa("kill", ["-0", holder], { reject: false })).exitCode;
    await expect.poll(alive, { timeout: 60_000 }).toBe(1);
    expect(await machine()).toBe(before);
  });
});
