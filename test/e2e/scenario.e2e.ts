// `xhost scenario` as a user runs it: on this machine in namespaces of their own, and over SSH on a lab host where Docker runs.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labStop } from "../../src/lab/power.ts";
import { isDeploy } from "../../src/scenario/deploy-scenario.ts";
import { ownScenarios } from "../../src/scenario/library.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { CLI, testLab, type TestLab } from "./xhost.ts";

/** Those on one host; what is a deploy over several has a file of its own. */
const scenarios = (await ownScenarios()).filter((s): s is Scenario => !isDeploy(s));
/** What this kernel may lack. */
const hasModule = async (module: string): Promise<boolean> =>
  (await execa("sh", ["-c", `test -d /sys/module/${module} || modprobe -n -q ${module}`], { reject: false }))
    .exitCode === 0;
const runnable = (
  await Promise.all(
    scenarios.map(async (s) => ((await Promise.all(s.needs.modules.map(hasModule))).every(Boolean) ? [s] : [])),
  )
).flat();

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "xhost-e2e-scenario-"))));
afterAll(() => rm(folder, { recursive: true }));

const xhost = async (...args: string[]) => {
  const {
    exitCode = -1,
    stdout,
    stderr,
  } = await execa(process.execPath, [CLI, "scenario", ...args], { reject: false, stdin: "ignore", cwd: folder });
  return { code: exitCode, stdout, stderr };
};

/** Everything that a scenario could leave, in the words of the system's own programs. */
const STATE = [
  `ls /run/netns 2>/dev/null; ls /sys/class/net`,
  `ip -4 route show table all | sort; ip -o -4 address | sed 's/ *valid_lft.*//'`,
  `iptables-save 2>/dev/null | grep -E '^-A' | sed 's/\\[[0-9:]*\\]//'`,
  `sysctl net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables 2>/dev/null`,
  `find /run/xhost 2>/dev/null`,
  `ps -eo args | grep -E '[t]untap.pl|[t]cpdump -i|[o]vs-vswitchd|[o]vsdb-server|[s]h -s.*xhost-scenario' || true`,
].join("; ");
/** Labs of other runs on this machine come and go: what is theirs begins with `xhost-`. */
const machine = async (): Promise<string> => {
  const { stdout } = await execa("sh", ["-c", STATE]);
  return stdout
    .split("\n")
    .filter((line) => !/xhost-|^xh/.test(line))
    .join("\n");
};

type Document = {
  passed: boolean;
  checks: { claim: string; passed: boolean; seen: string }[];
  broken: { found: string[]; named: boolean } | null;
  left: string[] | null;
};
const passes = ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): Document => {
  expect(code, stdout + stderr).toBe(0);
  const document = JSON.parse(stdout) as Document;
  expect(document.passed).toBe(true);
  return document;
};

/** Starts it, and comes back when that is on the screen. */
const until = async (text: string, ...args: string[]) => {
  const run = execa(process.execPath, [CLI, "scenario", ...args], { reject: false, stdin: "ignore", cwd: folder });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    run.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(text)) resolve();
    });
    void run.then(({ stderr }) => reject(new Error(`it ended: ${said}${stderr}`)));
  });
  return {
    run: { pid: run.pid, kill: (signal: NodeJS.Signals) => run.kill(signal) },
    ended: run as Promise<{ exitCode?: number }>,
  };
};

describe("on this machine", () => {
  let before: string;
  beforeAll(async () => void (before = await machine()));

  test.each(
    runnable.flatMap(
      (s) => [[s.name, undefined], ...s.breaks.map((b) => [s.name, b.name])] as [string, string | undefined][],
    ),
  )("%s, broken: %s", async (name, broken) => {
    const {
      checks,
      broken: it,
      left,
    } = passes(await xhost("run", name, "--json", ...(broken === undefined ? [] : ["--break", broken])));
    expect(checks.length).toBeGreaterThan(0);
    expect(left).toEqual([]);
    if (broken !== undefined) expect(it).toMatchObject({ named: true });
    expect(await machine()).toBe(before);
  });

  test.skipIf(runnable.length === scenarios.length)("one that this kernel cannot run says where it would", async () => {
    for (const { name, needs } of scenarios.filter((s) => !runnable.includes(s))) {
      const { code, stderr } = await xhost("run", name);
      expect(code).toBe(1);
      expect(stderr).toContain(`has no module ${needs.modules.join(", ")}`);
      expect(stderr).toContain("xhost lab up real --kind uml");
    }
    expect(await machine()).toBe(before);
  });

  test("--explain tells each command before what it gave, and what it is for", async () => {
    const { code, stdout, stderr } = await xhost("run", "router", "--explain");
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(
      "# makes the network namespace ns1: a network of its own, with nothing in it but lo\n$ ip netns add ns1\n",
    );
    expect(stdout.indexOf("$ sysctl -w net.ipv4.ip_forward=1")).toBeLessThan(stdout.indexOf("✔ ns1 reaches ns2"));
    expect(stdout).toContain("3 of 3 checks passed\nEverything was taken back: the host is as it was.");
  });

  test("show prints the picture and the commands, and runs nothing", async () => {
    const { code, stdout } = await xhost("show", "ipip");
    expect(code).toBe(0);
    expect(stdout).toContain("[ns1] tun1 10.10.100.10");
    expect(stdout).toContain("  ip -n ns1 tunnel add tun1 mode ipip remote 10.10.20.2 local 10.10.10.2\n");
    expect((await xhost("show", "ipip", "--mermaid")).stdout).toMatch(/^flowchart LR\n/);
    expect(await machine()).toBe(before);
  });

  test("--capture has the packets of every device, and they can be piped", async () => {
    passes(await xhost("run", "router", "--json", "--capture", "router.pcapng"));
    const { stdout } = await execa("tshark", [
      "-n",
      "-r",
      join(folder, "router.pcapng"),
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
      { cwd: folder, reject: false, stdin: "ignore" },
    );
    expect(piped.exitCode, piped.stderr).toBe(0);
    expect(piped.stdout).toContain("10.1.1.2 → 10.1.2.2");
    expect(piped.stderr).toContain("3 of 3 checks passed");
  });

  test("one that is kept stands until it is cleaned", async () => {
    const { code, stdout, stderr } = await xhost("run", "router", "--keep");
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
    expect((await xhost("clean", "router")).stdout).toBe("The scenario router was taken back.");
    expect((await xhost("clean", "router")).stdout).toBe("There is nothing of a scenario router.");
    expect(await machine()).toBe(before);
  });

  test("a file of one's own is run; what is wrong with it is told with its place", async () => {
    const text = (await readFile(join(import.meta.dirname, "../../scenarios/veth.yml"), "utf8")).replace(
      "name: veth",
      "name: mine",
    );
    await writeFile(join(folder, "mine.yml"), text);
    expect(passes(await xhost("run", "./mine.yml", "--json")).checks).toHaveLength(3);
    await writeFile(join(folder, "wrong.yml"), text.replace("title:", "titel:"));
    const { code, stderr } = await xhost("run", "wrong.yml");
    expect(code).toBe(3);
    expect(stderr).toMatch(/^wrong.yml:\d+:1 titel: unknown key$/m);
    expect((await xhost("run", "nothing")).stderr).toContain("there is none of that name (known: ");
    expect((await xhost("run", "veth", "--break", "nothing")).code).toBe(3);
  });

  test("a claim that does not hold is told with what was seen, and all is taken back", async () => {
    const text = (await readFile(join(import.meta.dirname, "../../scenarios/router.yml"), "utf8")).replace(
      "ttl: 63",
      "ttl: 64",
    );
    await writeFile(join(folder, "false.yml"), text);
    const { code, stdout } = await xhost("run", "./false.yml");
    expect(code).toBe(1);
    expect(stdout).toMatch(/✖ ns1 reaches ns2.*\n {4}64 bytes from 10.1.2.2: icmp_seq=1 ttl=63\n/);
    expect(stdout).toContain("2 of 3 checks passed\nEverything was taken back");
  });

  test("a command that fails is told with what it said, and what was done is taken back", async () => {
    const text = (await readFile(join(import.meta.dirname, "../../scenarios/router.yml"), "utf8")).replace(
      "via: 10.1.2.1",
      "via: 10.9.9.9",
    );
    await writeFile(join(folder, "fails.yml"), text);
    const { code, stderr } = await xhost("run", "./fails.yml");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^local: says that 10.1.1.0\/24 is reached through 10.9.9.9: exit status 2\nip -n ns2 route add 10.1.1.0\/24 via 10.9.9.9\n/,
    );
    expect(stderr).toContain("Nexthop has invalid gateway");
    expect(await machine()).toBe(before);
  });

  test.each(["SIGINT", "SIGKILL"] as const)("%s in the middle leaves nothing", async (signal) => {
    const { run, ended } = await until("✔", "run", "bridge", "--break", "port");
    const { stdout: holder } = await execa("pgrep", ["-P", String(run.pid), "unshare"]);
    run.kill(signal);
    const { exitCode } = await ended;
    if (signal === "SIGINT") expect(exitCode).toBe(130);
    const alive = async (): Promise<number | undefined> =>
      (await execa("kill", ["-0", holder], { reject: false })).exitCode;
    await expect.poll(alive, { timeout: 3000 }).toBe(1);
    expect(await machine()).toBe(before);
  });
});

describe("on a host over SSH", () => {
  let lab: TestLab;
  let inventory: string;
  const on = (...args: string[]) => [...args, "-i", inventory, "--host", "h1"];
  const state = (): Promise<string> => lab.on("h1", STATE);
  beforeAll(async () => {
    lab = await testLab("escn", 1, "machine");
    inventory = lab.lab.inventory;
    await mkdir(folder, { recursive: true });
  });
  afterAll(() => lab.down());

  test.each(["netns", "veth", "bridge", "router", "docker-bridge", "tuntap", "capture"])(
    "%s, beside Docker",
    async (name) => {
      const before = await state();
      const [broken] = scenarios.find((s) => s.name === name)?.breaks ?? [];
      const { left } = passes(
        await xhost(...on("run", name, "--json"), ...(broken === undefined ? [] : ["--break", broken.name])),
      );
      expect(left).toEqual([]);
      expect(await state()).toBe(before);
    },
  );

  test("a name that is taken is told, and nothing is touched", async () => {
    await lab.on("h1", "ip netns add ns1; ip link add v2_r type bridge");
    const before = await state();
    const { code, stderr } = await xhost(...on("run", "router"));
    expect(code).toBe(1);
    expect(stderr).toContain("h1: scenario router: is there already, and not the scenario's: nothing was touched");
    expect(stderr).toContain("  the network namespace ns1\n  the device v2_r");
    expect(await state()).toBe(before);
    await lab.on("h1", "ip netns del ns1; ip link del v2_r");
  });

  test("the same one twice at once: the second leaves the first alone", async () => {
    const before = await state();
    const { ended } = await until("✔", "run", ...on("router", "--break", "forwarding"));
    const { code, stderr } = await xhost(...on("run", "router"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^h1: the scenario router is being run here since \d{4}-\d\d-\d\d/);
    expect((await ended).exitCode).toBe(0);
    expect(await state()).toBe(before);
  });

  test("killed without a word, the host takes it back by itself", async () => {
    const before = await state();
    const { run, ended } = await until("break", "run", ...on("bridge", "--break", "firewall"));
    run.kill("SIGKILL");
    await ended;
    await expect.poll(state, { timeout: 30_000, interval: 500 }).toBe(before);
  });

  test("one that is kept is taken back by the next run, and by `clean`", async () => {
    const before = await state();
    expect((await xhost(...on("run", "router", "--keep"))).code).toBe(0);
    expect(await lab.on("h1", "ip netns list | sort")).toMatch(/^ns1.*\nns2/);
    const { code, stderr } = await xhost(...on("run", "router"));
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/What a run of \d{4}-.* had left was taken back first/);
    expect(await state()).toBe(before);
    expect((await xhost(...on("run", "router", "--keep"))).code).toBe(0);
    expect((await xhost(...on("clean", "router"))).stdout).toBe("The scenario router was taken back.");
    expect(await state()).toBe(before);
  });

  test("a host that does not answer, and one that is not in the inventory", async () => {
    expect((await xhost("run", "veth", "-i", inventory, "--host", "h9")).code).toBe(3);
    await labStop({ name: "escn", host: "h1" });
    const { code, stderr } = await xhost(...on("run", "veth"), "--timeout", "3");
    expect(code).toBe(4);
    expect(stderr).toContain("h1: cannot connect");
  });
});
