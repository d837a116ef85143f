// The lab itself: what it makes is real, and what it made is gone. Labs of other names may be up meanwhile.
import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { build } from "../../src/lab/cache.ts";
import { labDown } from "../../src/lab/down.ts";
import { labExec } from "../../src/lab/exec.ts";
import { installPackages } from "../../src/lab/install.ts";
import { labList } from "../../src/lab/list.ts";
import { labStart, labStop } from "../../src/lab/power.ts";
import { labUp, type Lab } from "../../src/lab/up.ts";

const [one, two, cut] = ["e2e-one", "e2e-two", "e2e-cut"];
const before = await machine();
const folders = { one: await mkdtemp(`${tmpdir()}/xhost-e2e-`), two: await mkdtemp(`${tmpdir()}/xhost-e2e-`) };

afterAll(async () => {
  for (const name of [one, two, cut]) await labDown({ name }).catch(() => undefined);
  for (const folder of Object.values(folders)) await rm(folder, { recursive: true, force: true });
});

describe("two labs side by side, one on Docker 20.10 and 28.5, one on the machine's own", () => {
  const labs: Record<string, Lab> = {};
  beforeAll(async () => {
    labs["one"] = await labUp({ name: one, hosts: 2, engine: "bookworm,sid", cwd: folders.one });
    labs["two"] = await labUp({ name: two, hosts: 1, cwd: folders.two });
  });

  test("every host has the engine that was asked for", async () => {
    expect(labs["one"]?.hosts.map((h) => h.version)).toEqual([
      expect.stringMatching(/^20\.10\./),
      expect.stringMatching(/^28\.5\./),
    ]);
    const own = /\d+\.\d+\.\d+/.exec((await execa("dockerd", ["--version"])).stdout)?.[0];
    expect(labs["two"]?.hosts[0]?.version).toContain(own);
  });

  test.each(["one", "two"])("lab %s: ssh reaches every host by the inventory, with its host key known", async (lab) => {
    for (const [name, args] of await sshCommands(labs[lab]!.inventory))
      expect((await execa("ssh", [...args, "hostname; docker images -q xhost-lab:1 | wc -l"])).stdout).toBe(
        `${name}\n1`,
      );
  });

  test("hosts of a lab reach each other by name, and the outside", async () => {
    expect((await inOne("h1", "ping -c1 -W2 h2 && ping -c1 -W2 192.0.2.1")).exitCode).toBe(0);
  });

  test("what nobody has is refused at once, each time, and a name is not found at once", async () => {
    const start = performance.now();
    const pings = await inOne(
      "h1",
      "for i in 1 2 3; do ping -c1 -W20 203.0.113.9; done; RES_OPTIONS=timeout:20 getent hosts example.com",
    );
    expect(pings.stdout.match(/Unreachable/g)).toHaveLength(3);
    // One that is waited for takes as long as this.
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test("the outside sees a container's traffic as its host's", async () => {
    await Promise.all([
      labExec({ name: one, host: "fabric", command: shell("timeout 90 nc -l -n -v 192.0.2.1 8099 2>&1; true") }),
      inOne(
        "h1",
        "docker run --rm xhost-lab:1 sh -c 'for i in $(seq 200); do ! echo hi | nc 192.0.2.1 8099 || break; sleep 0.2; done'",
      ),
    ]).then(([heard]) => expect(heard.stdout).toContain("10.211.55.11"));
  });

  test.each([one, two])("%s: users, files and names of a host are its own", async (name) => {
    const passwd = await readFile("/etc/passwd", "utf8");
    const script =
      "useradd -m guest && echo x >/etc/xhost && echo x >/usr/local/bin/x && hostname other && ls /work /tmp";
    await labExec({ name, host: "h1", command: shell(script) });
    expect(await readFile("/etc/passwd", "utf8")).toBe(passwd);
    await expect(stat("/etc/xhost")).rejects.toThrow();
    await expect(stat("/usr/local/bin/x")).rejects.toThrow();
    expect((await labExec({ name, host: "h1", command: shell("id -u guest; hostname") })).stdout).toMatch(
      /^\d+\nother$/,
    );
  });

  test.each([one, two])("%s: Docker stops and starts again without the host's end", async (name) => {
    const script = "stop-docker; docker version && exit 1; start-docker; until docker version; do sleep 0.2; done";
    expect(
      (await labExec({ name, host: "h1", command: shell(`(${script}) >/dev/null 2>&1; docker ps -q`) })).exitCode,
    ).toBe(0);
  });

  test("a host stopped and started has its files and containers, and no kernel state of before", async () => {
    const setup =
      "docker run -d --name keep --restart always xhost-lab:1; docker run -d --name paused xhost-lab:1; docker pause paused; touch /root/kept /run/lost; ip route add 198.51.100.0/24 via 10.211.55.12";
    expect((await inOne("h1", setup)).exitCode).toBe(0);
    await labStop({ name: one, host: "h1" });
    await labStop({ name: one, host: "h1" });
    expect((await listed(one))?.hosts.map((h) => h.running)).toEqual([false, true]);
    await expect(inOne("h1", "true")).rejects.toThrow(
      `h1: the lab host is down: start it with \`xhost lab start ${one} h1\``,
    );
    expect(await machineCgroups(`${one}/h1`)).toEqual([]);
    await labStart({ name: one, host: "h1" });
    const after = await inOne(
      "h1",
      "sleep 1; docker ps --format '{{.Names}}'; ls /root; ls /run/lost; ip route show 198.51.100.0/24",
    );
    expect(after.stdout).toBe("keep\nkept");
    const [, ssh] = (await sshCommands(labs["one"]!.inventory))[0]!;
    expect((await execa("ssh", [...ssh, "hostname"])).stdout).toBe("h1");
  });

  test("exec passes input, output and the exit code on", async () => {
    const done = await labExec({ name: two, host: "h1", command: shell("cat; echo no >&2; exit 7"), input: "in" });
    expect(done).toEqual({ exitCode: 7, stdout: "in", stderr: "no" });
    expect((await labExec({ name: two, host: "h1", command: shell("kill -9 $$") })).exitCode).toBe(137);
  });

  test("the list has both, from any folder", async () => {
    expect(await listed(one)).toMatchObject({ folder: `${folders.one}/.xhost/lab/${one}`, ready: true });
    expect((await listed(two))?.hosts).toEqual([
      expect.objectContaining({ name: "h1", address: "10.211.55.11", running: true }),
    ]);
  });

  test("anybody but root is not told that a host is down", async () => {
    process.seteuid?.(65534);
    try {
      expect((await listed(two))?.hosts).toEqual([
        expect.objectContaining({ name: "h1", running: null, version: null }),
      ]);
    } finally {
      process.seteuid?.(0);
    }
  });

  test("a name that is taken is refused, with the way out", async () => {
    const remedy = `run \`xhost lab down ${one}\` first`;
    await expect(labUp({ name: one, hosts: 1, cwd: folders.one })).rejects.toThrow(
      `lab ${one}: is up already: ${remedy}`,
    );
    await expect(labUp({ name: one, hosts: 1, cwd: folders.two })).rejects.toThrow(`(it belongs to ${folders.one}/`);
  });

  test("unknown labs and hosts are answered with those that are there", async () => {
    await expect(labDown({ name: "nowhere" })).rejects.toThrow(/^lab nowhere: there is none: .*e2e-one, e2e-two/);
    await expect(labExec({ name: one, host: "h9", command: ["true"] })).rejects.toThrow(
      `lab ${one}: no host h9: has h1, h2`,
    );
  });

  test("down removes one and leaves the other", async () => {
    const pids = await familyOf(one);
    expect(pids.length).toBeGreaterThan(8);
    await labDown({ name: one });
    expect(await alive(pids)).toEqual([]);
    expect(await readdir(folders.one)).toEqual([]);
    expect((await labExec({ name: two, host: "h1", command: ["docker", "ps", "-q"] })).exitCode).toBe(0);
  });

  test("down without the lab's folder, which somebody deleted", async () => {
    const pids = await familyOf(two);
    await rm(`${folders.two}/.xhost`, { recursive: true });
    await labDown({ name: two });
    expect(await alive(pids)).toEqual([]);
  });

  test("the machine is as before", async () => await expectAsBefore());
});

describe("an `up` that is cut short", () => {
  test.each([20, 60, 120, 200, 300, 450, 600, 900])(
    "killed %i ms after its claim: up refuses, down cleans",
    async (ms) => {
      const up = spawn(process.execPath, ["-e", upScript(3)], { cwd: folders.one, stdio: "ignore" });
      while ((await listed(cut)) === undefined) await setTimeout(2);
      await setTimeout(ms);
      if (up.exitCode === null && !(await listed(cut))?.ready) {
        await expect(labUp({ name: cut, hosts: 1, cwd: folders.one })).rejects.toThrow("is bringing it up");
        await expect(labDown({ name: cut })).rejects.toThrow(`process ${up.pid} is bringing it up`);
      }
      up.kill("SIGKILL");
      await new Promise((resolve) =>
        up.exitCode === null && up.signalCode === null ? up.once("exit", resolve) : resolve(0),
      );
      await expect(labUp({ name: cut, hosts: 1, cwd: folders.one })).rejects.toThrow(
        `run \`xhost lab down ${cut}\` first`,
      );
      expect((await listed(cut))?.beingMade).toBe(false);
      const pids = await familyOf(cut);
      await labDown({ name: cut });
      expect(await alive(pids)).toEqual([]);
      expect(await readdir(folders.one)).toEqual([]);
      await setTimeout(300);
      await expectAsBefore();
    },
  );

  test("interrupted, it takes away what it made", async () => {
    const interrupt = new AbortController();
    const up = labUp({ name: cut, hosts: 3, cwd: folders.one, signal: interrupt.signal });
    setTimeout(400).then(
      () => interrupt.abort(),
      () => undefined,
    );
    await expect(up).rejects.toThrow(/abort/i);
    expect(await readdir(folders.one)).toEqual([]);
    await expectAsBefore();
  });

  test("a host that fails is named with its log, and nothing stays", async () => {
    // its data has to be a folder
    const up = labUp({
      name: cut,
      hosts: 1,
      cwd: folders.one,
      onProgress: () => undefined,
    });
    const data = `${folders.one}/.xhost/lab/${cut}/hosts/h1`;
    while (!(await stat(data).catch(() => undefined))) await setTimeout(1);
    await writeFile(`${data}/data`, "");
    await expect(up).rejects.toThrow(/^h1: the lab host did not come up[^]*mkdir/);
    await expectAsBefore();
  });
});

describe("what the machine lacks", () => {
  afterAll(() => vi.unstubAllEnvs());

  test("a root that cannot be built, or is interrupted, leaves nothing in the cache", async () => {
    const cache = `${folders.two}/cache`;
    vi.stubEnv("XHOST_CACHE", cache);
    const recipe = { args: [], signal: undefined };
    const failing = build(`${cache}/rootfs/one`, { ...recipe, script: 'mkdir "$part"; echo no >&2; false' });
    await expect(failing).rejects.toThrow(/^building a root file system failed; nothing is left of it\nno$/);
    const interrupt = new AbortController();
    const script = 'mkdir "$part"; sleep 60';
    const slow = build(`${cache}/rootfs/two`, { ...recipe, script, signal: interrupt.signal });
    while ((await readdir(`${cache}/rootfs`)).length === 0) await setTimeout(10);
    interrupt.abort();
    await expect(slow).rejects.toThrow(/abort/i);
    const unknown = labUp({ name: cut, hosts: 1, engine: "nosuch", cwd: folders.one });
    await expect(unknown).rejects.toThrow(/^engine "nosuch": \S+ has no Debian suite of that name; known are bookworm/);
    expect(await readdir(`${cache}/rootfs`)).toEqual([]);
    await build(`${cache}/rootfs/three`, { ...recipe, script: 'mkdir "$part"' });
    expect(await readdir(`${cache}/rootfs`)).toEqual(["three"]);
    vi.unstubAllEnvs();
  });

  test("all missing programs are named at once", async () => {
    const bin = `${folders.one}/bin`;
    await mkdir(bin);
    for (const program of ["ip", "apt-cache"])
      await symlink((await execa("which", [program])).stdout, `${bin}/${program}`);
    vi.stubEnv("PATH", bin);
    const message = await labUp({ name: cut, hosts: 2, engine: "machine,sid", cwd: folders.one }).catch(String);
    for (const line of [
      "nsenter     of package util-linux",
      "sshd        of package openssh-server",
      "dockerd     of package docker.io",
      "mmdebstrap  of package mmdebstrap",
      "busybox     of package busybox-static",
      "nc          of package netcat-openbsd",
      "run again with --install",
    ])
      expect(message).toContain(line);
    expect(message).not.toContain("iproute2");
    vi.unstubAllEnvs();
    await rm(bin, { recursive: true });
    await expectAsBefore();
  });

  test("while packages are installed no service starts, and the machine's own policy is back after a failure", async () => {
    const policy = "/usr/sbin/policy-rc.d";
    const kept = await readFile(policy).catch(() => undefined);
    const mode = (await stat(policy).catch(() => undefined))?.mode;
    const bin = `${folders.one}/bin`;
    await mkdir(bin);
    await writeFile(
      `${bin}/apt-get`,
      `#!/bin/sh\n${policy}; echo "policy says $?, $DEBIAN_FRONTEND $*" >&2; [ $2 = update ]\n`,
    );
    await chmod(`${bin}/apt-get`, 0o755);
    vi.stubEnv("PATH", `${bin}:${process.env["PATH"]}`);
    await expect(installPackages(["a", "b"], { onProgress: () => undefined, signal: undefined })).rejects.toThrow(
      "policy says 101, noninteractive --quiet install --yes --no-install-recommends a b",
    );
    vi.unstubAllEnvs();
    await rm(bin, { recursive: true });
    expect(await readFile(policy).catch(() => undefined)).toEqual(kept);
    expect((await stat(policy).catch(() => undefined))?.mode).toBe(mode);
  });
});

const shell = (script: string) => ["sh", "-c", script];
const inOne = async (host: string, script: string) => await labExec({ name: one, host, command: shell(script) });
const listed = async (name: string) => (await labList()).find((lab) => lab.name === name);

const upScript = (hosts: number) =>
  `import(${JSON.stringify(`${import.meta.dirname}/../../src/lab/up.ts`)}).then(({ labUp }) => labUp({ name: "${cut}", hosts: ${hosts}, cwd: process.cwd() }))`;

type Inventory = {
  defaults: { ssh: { user: string; identityFile: string; userKnownHostsFile: string; proxyCommand: string } };
  hosts: Record<string, { ssh: { host: string } }>;
};

const sshCommands = async (path: string): Promise<[string, string[]][]> => {
  const { defaults, hosts } = parse(await readFile(path, "utf8")) as Inventory;
  const { user, identityFile, userKnownHostsFile, proxyCommand } = defaults.ssh;
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${userKnownHostsFile}`,
    `ProxyCommand=${proxyCommand}`,
  ];
  const args = ["-F", "none", "-i", identityFile, ...options.flatMap((option) => ["-o", option])];
  return Object.entries(hosts).map(([name, { ssh }]) => [name, [...args, `${user}@${ssh.host}`]]);
};

// mounts of others may come and go meanwhile, so only new ones with the lab's marks count
async function expectAsBefore() {
  const after = await machine();
  const isOurs = (line: string) => /netns|xhost|overlay/.test(line) && !before.mounts.includes(line);
  expect(after.mounts.filter(isOurs)).toEqual([]);
  expect({ ...after, mounts: [] }).toEqual({ ...before, mounts: [] });
}

/** The machine's own network, mounts, cgroups and lab files, without those of labs that are none of this test. */
async function machine() {
  const others = (await labList()).filter(({ name }) => !name.startsWith("e2e-"));
  const foreign = (line: string) =>
    others.some(({ name }) => line.includes(`xhost-${name}`)) || (others.length > 0 && line.includes(" /run/netns "));
  const lines = (text: string) => text.split("\n").filter((line) => !foreign(line));
  const show = async (program: string, ...args: string[]) => (await execa(program, args)).stdout;
  return {
    link: await show("ip", "-o", "link"),
    address: (await show("ip", "-o", "address")).replaceAll(/valid_lft \S+|preferred_lft \S+/g, ""),
    route: await show("ip", "-j", "route", "show", "table", "all"),
    rules: (await show("iptables-save")).replaceAll(/^#.*$|\[\d+:\d+\]/gm, ""),
    forward: await readFile("/proc/sys/net/ipv4/ip_forward", "utf8"),
    namespaces: lines(await show("ip", "netns")).sort(),
    mounts: lines(await readFile("/proc/mounts", "utf8")),
    cgroups: await machineCgroups("e2e-"),
    records: (await readdir("/run/xhost-lab").catch(() => [])).filter((file) => file.startsWith("e2e-")),
    netnsFolder: others.length > 0 || (await readdir("/run")).includes("netns"),
  };
}

async function machineCgroups(name: string) {
  const { stdout } = await execa("find", ["/sys/fs/cgroup", "-type", "d", "-path", `*/xhost-${name}*`], {
    reject: false,
  });
  return stdout.split("\n").filter((line) => line !== "");
}

/** Pid and start of every process of a lab: those in its namespaces, and all that descend from them. */
async function familyOf(lab: string) {
  const rows = (await execa("ps", ["-eo", "pid=,ppid=,lstart="])).stdout.split("\n").map((line) => {
    const [pid = "", ppid = "", ...start] = line.trim().split(/\s+/);
    return { pid, ppid, start: start.join(" ") };
  });
  const namespaces = (await readdir("/run/netns").catch(() => [])).filter((ns) => ns.startsWith(`xhost-${lab}`));
  const inside = await Promise.all(
    namespaces.map(async (ns) => (await execa("ip", ["netns", "pids", ns], { reject: false })).stdout.split("\n")),
  );
  const family = new Set(inside.flat().filter((pid) => pid !== ""));
  for (let size = -1; size !== family.size;) {
    size = family.size;
    for (const { pid, ppid } of rows) if (family.has(ppid)) family.add(pid);
  }
  return rows.filter(({ pid }) => family.has(pid)).map(({ pid, start }) => `${pid} ${start}`);
}

async function alive(family: readonly string[]) {
  const { stdout } = await execa("ps", ["-eo", "pid=,lstart=,stat="]);
  const now = stdout.split("\n").map((line) => line.trim().replaceAll(/\s+/g, " "));
  return family.filter((one) => now.some((line) => line.startsWith(`${one} `) && !/ Z\S*$/.test(line)));
}
