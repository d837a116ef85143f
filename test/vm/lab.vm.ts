// The lab's hosts with a kernel of their own: what they are, that they boot again with what they had, and that nothing stays of them.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { labDown } from "../../src/lab/down.ts";
import { labExec } from "../../src/lab/exec.ts";
import { labList } from "../../src/lab/list.ts";
import { labStart, labStop } from "../../src/lab/power.ts";
import { processesIn, startTimeOf } from "../../src/lab/processes.ts";
import { labUp } from "../../src/lab/up.ts";
import { addressOf, CLI, pings, testLab, type TestLab } from "../e2e/xhost.ts";

/** A kernel in user mode takes its time, on a machine that is busy with other tests even more. */
const SLOW = { timeout: 100_000, interval: 500 };
const [name, cut] = ["vm-lab", "vm-cut"];
let lab: TestLab;

afterAll(async () => {
  for (const one of [name, cut]) await labDown({ name: one }).catch(() => undefined);
});

describe("two hosts", () => {
  beforeAll(async () => {
    lab = await testLab(name, 2, "bookworm", { kind: "uml" });
  });

  test("each has a kernel of its own, systemd, and Docker 20.10 with the lab's image", async () => {
    const kernel = (await execa("linux.uml", ["--version"])).stdout;
    expect((await execa("uname", ["-r"])).stdout).not.toBe(kernel);
    expect(lab.lab.hosts.map((host) => host.version)).toEqual([
      expect.stringMatching(/^20\.10\./),
      expect.stringMatching(/^20\.10\./),
    ]);
    for (const host of ["h1", "h2"])
      expect(
        await lab.on(
          host,
          "hostname; uname -r; systemctl is-system-running --wait; docker images -q xhost-lab:1 | wc -l",
        ),
      ).toBe(`${host}\n${kernel}\nrunning\n1`);
    expect(await lab.on("h1", "cat /etc/machine-id")).not.toBe(await lab.on("h2", "cat /etc/machine-id"));
  });

  test("the list tells the kind", async () => {
    expect(await listed()).toMatchObject({ kind: "uml", ready: true, hosts: [{ running: true }, { running: true }] });
    const { stdout } = await lab.xhost("lab", "list");
    expect(stdout).toMatch(/^vm-lab +uml +h1 +10\.211\.55\.11 +debian-bookworm +20\.10/m);
  });

  test("the modules that xhost and its tutorials want can be loaded", async () => {
    const modules = "ipip vxlan geneve openvswitch bridge br_netfilter overlay ip_vs sch_netem";
    await lab.on("h1", `modprobe -a ${modules}; cd /sys/module && ls -d ${modules}`);
  });

  test("Docker runs a container", async () => {
    expect(await lab.on("h1", "docker run --rm xhost-lab:1 uname -r")).toBe(await lab.on("h1", "uname -r"));
  });

  test("an IPIP tunnel by hand carries packets as protocol 4, with 20 bytes less", async () => {
    const end = (host: number, other: number) =>
      lab.on(
        `h${host}`,
        `ip link add t0 type ipip local 10.211.55.1${host} remote 10.211.55.1${other} &&
         ip address add 10.10.100.${host} peer 10.10.100.${other} dev t0 && ip link set t0 up`,
      );
    await Promise.all([end(1, 2), end(2, 1)]);
    expect(await lab.on("h1", "cat /sys/class/net/t0/mtu")).toBe("1480");
    const seen = lab.on("h2", "timeout 30 tcpdump -nl -c 1 -i eth0 'ip proto 4 and src 10.211.55.11' 2>/tmp/tcpdump");
    await vi.waitFor(() => lab.on("h2", "grep 'listening on' /tmp/tcpdump"), { timeout: 20_000 });
    await lab.on("h1", "ping -c 2 -W 2 10.10.100.2");
    expect(await seen).toMatch(
      /10\.211\.55\.11 > 10\.211\.55\.12: IP 10\.10\.100\.1 > 10\.10\.100\.2: ICMP echo request/,
    );
    await lab.on("h1", "ping -c 1 -W 2 -M do -s 1452 10.10.100.2");
    await expect(lab.on("h1", "ping -c 1 -W 2 -M do -s 1453 10.10.100.2")).rejects.toThrow("status 1");
    await Promise.all(["h1", "h2"].map((host) => lab.on(host, "ip link del t0")));
  });

  test("Open vSwitch runs on the kernel's datapath", async () => {
    await lab.on("h1", "systemctl start openvswitch-switch && ovs-vsctl add-br br9");
    expect(await lab.on("h1", "ovs-dpctl show")).toContain("system@ovs-system");
    await lab.on("h1", "ovs-vsctl del-br br9 && systemctl stop openvswitch-switch");
  });

  test("exec passes input, output, words and the exit code on", async () => {
    const done = await labExec({ name, host: "h1", command: shell("cat; pwd; echo no >&2; exit 7"), input: "in\n" });
    expect(done).toEqual({ exitCode: 7, stdout: "in\n/", stderr: "no" });
    expect((await labExec({ name, host: "h1", command: shell("kill -9 $$") })).exitCode).toBe(137);
    expect((await labExec({ name, host: "h1", command: shell("exit 255") })).exitCode).toBe(255);
    expect((await labExec({ name, host: "h1", command: ["echo", "a  b", "it's", "$HOME"] })).stdout).toBe(
      "a  b it's $HOME",
    );
  });

  test("a reboot from inside: the same host with its files and Docker objects, a new kernel, nothing of /run", async () => {
    await lab.on(
      "h1",
      `docker network create kept && docker run -d --name keep --restart always xhost-lab:1 ${obedient}`,
    );
    await lab.on("h1", "touch /etc/kept /run/lost");
    const before = await identity();
    await goingDown("h1", "systemctl reboot");
    await vi.waitFor(async () => expect(["", before.boot]).not.toContain((await identity()).boot), SLOW);
    expect(await identity()).toMatchObject({ machine: before.machine, address: before.address });
    await lab.on("h1", "systemctl start docker && ls /etc/kept");
    await expect(lab.on("h1", "ls /run/lost")).rejects.toThrow();
    expect(await lab.on("h1", "docker ps --format '{{.Names}}'")).toContain("keep");
    expect(await lab.on("h1", "docker network ls --format '{{.Name}}'")).toContain("kept");
  });

  test("the plug pulled, and in again", async () => {
    await lab.on("h1", "touch /etc/kept-too; sync");
    const before = await identity();
    await labStop({ name, host: "h1" });
    await labStop({ name, host: "h1" });
    expect((await listed())?.hosts.map((host) => host.running)).toEqual([false, true]);
    await expect(lab.on("h1", "true")).rejects.toThrow(
      `h1: the lab host is down: start it with \`xhost lab start ${name} h1\``,
    );
    expect((await labExec({ name, host: "h2", command: shell("ping -c 1 -W 1 h1") })).exitCode).toBe(1);
    await labStart({ name, host: "h1" });
    const after = await identity();
    expect(after).toMatchObject({ machine: before.machine, address: before.address });
    expect(after.boot).not.toBe(before.boot);
    await lab.on("h1", "ls /etc/kept /etc/kept-too && docker image inspect xhost-lab:1");
    expect(await lab.on("h1", "docker ps --format '{{.Names}}'")).toContain("keep");
  });

  test("a host that powers itself off is down, and starts again", async () => {
    await goingDown("h2", "systemctl poweroff");
    await vi.waitFor(async () => expect((await listed())?.hosts[1]?.running).toBe(false), SLOW);
    await labStart({ name, host: "h2" });
    await lab.on("h2", "ping -c 1 -W 2 h1");
  });

  test("a fault that makes the cable narrower reaches the guest", async () => {
    expect(await lab.xhost("lab", "fault", name, "--mtu", "h1=1400")).toMatchObject({ code: 0 });
    expect(await lab.on("h1", "cat /sys/class/net/eth0/mtu")).toBe("1400");
    const wider = await lab.xhost("lab", "fault", name, "--mtu", "h1=9000");
    expect([wider.code, wider.stderr]).toEqual([
      1,
      expect.stringContaining("a host of kind uml carries 1500 bytes at most"),
    ]);
    expect(await lab.xhost("lab", "fault", name, "--clear")).toMatchObject({ code: 0 });
    expect(await lab.on("h1", "cat /sys/class/net/eth0/mtu")).toBe("1500");
  });

  test("the inventory deploys as it stands", async () => {
    const { code, stdout, stderr } = await lab.xhost("deploy", "--yes", lab.lab.inventory);
    expect(`${code}\n${stdout}\n${stderr}`).toMatch(/^0\n[^]*2 of 2 checks passed/);
    expect(await pings(lab, "h1", "c1", await addressOf(lab, "h2", "c2"))).toBe(true);
  });

  test("down leaves nothing", async () => {
    const pids = await familyOf(name);
    expect(pids.length).toBeGreaterThan(8);
    await lab.down();
    await expectGone(name, lab.folder, pids);
  });
});

describe("an `up` that is cut short", () => {
  test.each([1, 4, 9])("killed %i s after its claim: down takes away what there is", async (seconds) => {
    const folder = await mkdtemp(join(tmpdir(), "xhost-vm-"));
    const up = spawn(process.execPath, [CLI, "lab", "up", cut, "--kind", "uml", "--hosts", "1"], {
      cwd: folder,
      stdio: "ignore",
    });
    while ((await listed(cut)) === undefined) await setTimeout(20);
    await setTimeout(seconds * 1000);
    const killed = new Promise((resolve) => up.once("exit", resolve));
    up.kill("SIGKILL");
    await killed;
    expect((await listed(cut))?.ready).toBe(false);
    const pids = await familyOf(cut);
    await labDown({ name: cut });
    await expectGone(cut, folder, pids);
  });

  test("interrupted, it takes away what it made", async () => {
    const folder = await mkdtemp(join(tmpdir(), "xhost-vm-"));
    const interrupt = new AbortController();
    const up = labUp({ name: cut, kind: "uml", hosts: 1, cwd: folder, signal: interrupt.signal });
    setTimeout(4000).then(
      () => interrupt.abort(),
      () => undefined,
    );
    await expect(up).rejects.toThrow(/abort/i);
    await expectGone(cut, folder, []);
  });
});

test("what the machine lacks is named, all at once", async () => {
  vi.stubEnv("PATH", "/var/empty");
  const message = await labUp({ name: cut, kind: "uml", hosts: 1, cwd: tmpdir() }).catch(String);
  vi.unstubAllEnvs();
  for (const line of [
    /linux\.uml +of package user-mode-linux/,
    /mke2fs +of package e2fsprogs/,
    /mmdebstrap +of package/,
  ])
    expect(message).toMatch(line);
  expect(message).toContain("run again with --install");
});

// ends when it is told to: a shutdown waits ten seconds for a sleep that is a container's first process
const obedient = "sh -c 'trap exit TERM; sleep infinity & wait'";
const shell = (script: string) => ["sh", "-c", script];
const listed = async (lab = name) => (await labList()).find((one) => one.name === lab);

/** Tells a host to go down: its sshd may be ended before it has told how the command did. */
const goingDown = (host: string, command: string): Promise<unknown> =>
  labExec({ name, host, command: shell(command) }).catch((error: unknown) => {
    if (!String(error).includes("closed by remote host")) throw error;
  });

/** What tells one boot of h1, and the host itself, from another; `boot` is empty while it does not answer. */
const identity = async () => {
  const files = "cat /proc/sys/kernel/random/boot_id /etc/machine-id && ip -o -4 address show eth0";
  const { stdout } = await labExec({ name, host: "h1", command: shell(files) });
  const [boot = "", machine = "", address = ""] = stdout.split("\n");
  return { boot, machine, address };
};

/** Pid and start time of every process in the lab's namespaces: the kernels, and what they run their guests' programs in. */
const familyOf = async (lab: string) => {
  const all = [...(await processesIn([`xhost-${lab}`])).values()].flat();
  return await Promise.all(all.map(async ({ pid }) => ({ pid, start: await startTimeOf(pid) })));
};

const expectGone = async (
  lab: string,
  folder: string,
  family: readonly { pid: number; start: string | undefined }[],
) => {
  const alive = family.filter(({ start }) => start !== undefined);
  for (const { pid, start } of alive) expect(await startTimeOf(pid)).not.toBe(start);
  expect((await readdir("/run/netns").catch(() => [])).filter((one) => one.startsWith(`xhost-${lab}`))).toEqual([]);
  expect((await readdir("/run/xhost-lab").catch(() => [])).filter((file) => file.startsWith(`${lab}.`))).toEqual([]);
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  expect(
    mounts.filter((line) => line.includes(folder) || line.includes("/run/xhost-lab") || line.includes(`xhost-${lab}`)),
  ).toEqual([]);
  expect(await readdir(folder).catch(() => [])).toEqual([]);
  await rm(folder, { recursive: true, force: true });
};
