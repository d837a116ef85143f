// `xhost scenario run cross-host`: a whole deploy as a scenario, on hosts of an inventory.
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labStop } from "../../src/lab/power.ts";
import { isDeploy } from "../../src/scenario/deploy-scenario.ts";
import { readScenario } from "../../src/scenario/library.ts";
import { desk, passes, type Desk } from "./scenario-run.ts";
import { CLI, testLab, type TestLab } from "./xhost.ts";

const scenario = await readScenario("cross-host", "/");
if (!isDeploy(scenario)) throw new TypeError("it is a deploy");
const breaks = scenario.breaks.map(({ name }) => name);

let at: Desk;
beforeAll(async () => void (at = await desk()));
afterAll(() => at.gone());

describe("on a host with Docker 20.10 and one with 28.5", () => {
  let lab: TestLab;
  let before: string;
  const on = (...args: string[]) => [...args, "-i", lab.lab.inventory];
  const state = async (): Promise<string> => (await Promise.all(["h1", "h2"].map(lab.snapshot))).join("\n");
  beforeAll(async () => {
    lab = await testLab("excr", 2, "bookworm,sid");
    before = await state();
  });
  afterAll(() => lab.down());

  test("the overlap is found and explained, and what works is deployed and proved", async () => {
    const { host, checks, left } = passes(await at.xhost(...on("run", "cross-host", "--json")));
    expect(host).toBe("h1, h2");
    expect(checks[0]?.seen).toBe(
      "h2: network net_18: 172.17.0.0/16 of h1 overlaps the Docker network bridge (172.17.0.0/16) on this host: two networks with the same addresses cannot reach each other; give one of them another subnet (for Docker's default bridge: `bip` in daemon.json), or adopt a network of another range",
    );
    expect(checks.map(({ seen }) => seen).slice(3)).toEqual([
      "172.18.0.2 answers, which sees 172.19.0.2",
      "172.19.0.2 answers, which sees 172.18.0.2",
      "nothing to do",
    ]);
    expect(left).toEqual([]);
    expect(await state()).toBe(before);
  });

  test.each(breaks)("broken: %s", async (broken) => {
    const { broken: it, left } = passes(await at.xhost(...on("run", "cross-host", "--json", "--break", broken)));
    expect(it?.named).toBe(true);
    expect(left).toEqual([]);
    expect(await state()).toBe(before);
  });

  test("on other hosts than the first, under their own names", async () => {
    const { host, broken } = passes(
      await at.xhost(...on("run", "cross-host", "--json", "--host", "h2,h1", "--break", "route")),
    );
    expect(host).toBe("h2, h1");
    expect(broken?.found[0]).toContain("h1: route-missing");
  });
});

describe("on two hosts", () => {
  let lab: TestLab;
  let before: string;
  const on = (...args: string[]) => [...args, "-i", lab.lab.inventory];
  const state = async (): Promise<string> => (await Promise.all(["h1", "h2"].map(lab.snapshot))).join("\n");
  beforeAll(async () => {
    lab = await testLab("excr", 2, "machine");
    before = await state();
  });
  afterAll(() => lab.down());

  test("--explain shows the inventories, every command, and what they do", async () => {
    const { code, stdout, stderr } = await at.xhost(...on("run", "cross-host", "--explain"));
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("$ xhost plan cross-host-refused.yml\n✔ with c1 on h1's default bridge");
    expect(stdout).toContain("  net_18: { subnets: { h1: 172.19.0.0/16, h2: 172.18.0.0/16 }, plane: route }");
    expect(stdout).toMatch(/ {6}route add 172\.18\.0\.0\/16 via 10\.211\.55\.12 dev eth0 proto 88/);
    expect(stdout).toContain("$ xhost destroy --yes cross-host.yml");
    expect(stdout).toContain("Everything was taken back: the hosts are as they were.");
  });

  test("--capture has the packets of both containers on both hosts", async () => {
    passes(await at.xhost(...on("run", "cross-host", "--json", "--capture", "both.pcapng")));
    const fields = ["-T", "fields", "-e", "frame.interface_name"];
    const { stdout } = await execa("tshark", ["-n", "-r", join(at.folder, "both.pcapng"), "-Y", "icmp", ...fields]);
    const names = [...new Set(stdout.split("\n"))].sort();
    expect(names).toEqual(expect.arrayContaining(["h1 c1 container eth0", "h1 nic eth0", "h2 c2 container eth0"]));
  });

  test("a container of that name that is somebody else's is told, and nothing is touched", async () => {
    await lab.on("h2", "docker run -d --name c2 --network none xhost-lab:1 sleep infinity");
    const taken = await state();
    const { code, stderr } = await at.xhost(...on("run", "cross-host"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^h2: .*c2/m);
    expect(await state()).toBe(taken);
    await lab.on("h2", "docker rm -f c2");
  });

  test("Ctrl-C takes everything back, exit code 130", async () => {
    const run = await at.until("Check connectivity", "run", ...on("cross-host"));
    run.kill("SIGINT");
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("interrupted: what was done was taken back");
    expect(await state()).toBe(before);
  });

  test("killed in the middle of a break, the next run takes back what it had left; meanwhile there is none beside it", async () => {
    const run = await at.until("break firewall", "run", ...on("cross-host", "--break", "firewall"));
    const { code, stderr } = await at.xhost(...on("run", "cross-host"));
    expect(code).toBe(1);
    expect(stderr).toContain("h1: the scenario cross-host is being run here since ");
    run.kill("SIGKILL");
    await run.ended;
    await expect
      .poll(() => lab.on("h2", "iptables -S DOCKER-USER"), { timeout: 120_000 })
      .not.toContain("xhost-scenario");
    const next = await at.xhost(...on("run", "cross-host"));
    expect(next.code, next.stderr).toBe(0);
    expect(next.stderr).toContain("What an earlier run had left was taken back first.");
    expect(await state()).toBe(before);
  });

  test("one that is kept can be looked at, and `clean` takes it back", async () => {
    const { code, stderr } = await at.xhost(...on("run", "cross-host", "--keep"));
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("To look around in it: xhost status .xhost/scenario/cross-host.yml");
    const file = join(at.folder, ".xhost/scenario/cross-host.yml");
    expect(await readFile(file, "utf8")).toContain("name: scenario-cross-host");
    const { stdout } = await execa(process.execPath, [CLI, "status", file, "--json"]);
    expect((JSON.parse(stdout) as { hosts: { state: string }[] }).hosts).toHaveLength(2);
    expect((await at.xhost(...on("clean", "cross-host"))).stdout).toBe("The scenario cross-host was taken back.");
    expect((await at.xhost(...on("clean", "cross-host"))).stdout).toBe(
      "There is nothing of a scenario cross-host on any of its hosts.",
    );
    await expect(access(file)).rejects.toThrow("ENOENT");
    expect(await state()).toBe(before);
  });

  test("a command line or a host that is wrong is told before anything is touched", async () => {
    expect((await at.xhost(...on("run", "cross-host", "--host", "h1"))).stderr).toContain(
      "takes 2 hosts: --host names 1",
    );
    expect((await at.xhost(...on("run", "cross-host", "--host", "h1,h9"))).stderr).toContain("no host named h9");
    expect((await at.xhost(...on("run", "cross-host", "--break", "it"))).code).toBe(3);
    await labStop({ name: "excr", host: "h2" });
    const { code, stderr } = await at.xhost(...on("run", "cross-host", "--timeout", "3"));
    expect(code).toBe(4);
    expect(stderr).toContain("h2: cannot connect");
    expect(await lab.on("h1", "docker ps -q; ls /run/xhost /etc/xhost 2>/dev/null || true")).toBe("");
  });
});
