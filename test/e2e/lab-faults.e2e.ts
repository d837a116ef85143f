// The faults of the lab's fabric, each seen by real packets between hosts and healed after: on one network, and on two with
// the switch as the router between them.
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { labDown } from "../../src/lab/down.ts";
import { labExec } from "../../src/lab/exec.ts";
import { labFaults, setLabFaults } from "../../src/lab/faults.ts";
import { noFaults } from "../../src/lab/faults-words.ts";
import { labList } from "../../src/lab/list.ts";
import { labStart, labStop } from "../../src/lab/power.ts";
import type { Faults } from "../../src/lab/record.ts";
import { labUp, type Lab } from "../../src/lab/up.ts";
import { CLI } from "./xhost.ts";

const names = { one: "fa-one", two: "fa-two" } as const;
type Which = keyof typeof names;
const folder = await mkdtemp(`${tmpdir()}/xhost-e2e-faults-`);
const labs: Partial<Record<Which, Lab>> = {};
let before = "";

beforeAll(async () => {
  // the programs of faults are installed with the first lab, whose fault is healed by the first test's
  labs.one = await labUp({
    name: names.one,
    hosts: 3,
    faults: { drop: ["proto4"], mtu: ["h3=1400"], down: [] },
    install: true,
    cwd: folder,
  });
  labs.two = await labUp({ name: names.two, hosts: 3, segments: 2, cwd: folder });
  before = await machine();
});

afterAll(async () => {
  for (const name of Object.values(names)) await labDown({ name }).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

const both = ["one", "two"] as const;

describe("a lab brought up with faults", () => {
  test("has them, in the list too", async () => {
    expect(await listed("one")).toEqual({ drop: ["proto4"], mtu: ["h3=1400"], down: [] });
    expect(await arrives("one", "h1", "h2", "proto4")).toBe(false);
    expect(await on("one", "h3", "cat /sys/class/net/eth0/mtu")).toBe("1400");
  });

  test("is healed, and one without them is not touched", async () => {
    await heal("one");
    expect(await listed("one")).toEqual(noFaults);
    expect(await listed("two")).toEqual(noFaults);
    expect(await arrives("one", "h1", "h2", "proto4")).toBe(true);
    expect(await on("one", "h3", "cat /sys/class/net/eth0/mtu")).toBe("1500");
  });
});

describe("two segments", () => {
  test("the switch routes between them, and answers for what nobody has", async () => {
    expect(labs.two?.hosts.map(({ address }) => address)).toEqual(["10.211.55.11", "10.211.56.12", "10.211.55.13"]);
    expect(await pings("two", "h1", "h2")).toMatch(/ttl=63/);
    expect(await pings("two", "h1", "h3")).toMatch(/ttl=64/);
    expect(await pings("two", "h2", "192.0.2.1")).toMatch(/ttl=64/);
    expect(await pings("two", "h2", "203.0.113.9")).toMatch(/From 10\.211\.56\.1 .*Unreachable/);
    expect(await on("two", "h2", "ip route show default")).toMatch(/^default via 10\.211\.56\.1 /);
    expect(await on("two", "h3", "grep -c -e 10.211.55.11 -e 10.211.56.12 -e 10.211.55.13 /etc/hosts")).toBe("3");
  });

  test("ssh reaches the hosts of both by the inventory, which has no plane of its own", async () => {
    for (const host of ["h1", "h2", "h3"]) expect(await ssh("two", host)).toBe(0);
    expect(parse(await readFile(labs.two!.inventory, "utf8"))).not.toHaveProperty("networks.app.plane");
    expect(parse(await readFile(labs.one!.inventory, "utf8"))).toHaveProperty("networks.app.plane", "route");
  });
});

describe.each(both)("what is dropped, lab %s", (lab) => {
  afterEach(async () => await heal(lab));

  const bothWays = async (packets: Packets) => [
    await arrives(lab, "h1", "h2", packets),
    await arrives(lab, "h2", "h1", packets),
  ];

  test.each<[string, Packets, [boolean, boolean]]>([
    ["proto4", "proto4", [false, false]],
    ["proto4@h1", "proto4", [false, false]],
    ["proto4@from-h1", "proto4", [false, true]],
    ["proto4@to-h1", "proto4", [true, false]],
    ["proto4@h3", "proto4", [true, true]],
    ["proto4", "udp4789", [true, true]],
    ["udp", "udp4789", [false, false]],
    ["udp:4789", "udp4789", [false, false]],
    ["udp:4789@to-h2", "udp4789", [false, true]],
    ["udp:4788", "udp4789", [true, true]],
    ["udp", "proto4", [true, true]],
    ["foreign-sources", "udp4789", [true, true]],
  ])("%s: of %s from h1 to h2 and back passes %j", async (word, packets, passes) => {
    await declare(lab, { drop: [word] });
    expect(await bothWays(packets)).toEqual(passes);
    expect(await pings(lab, "h1", "h2")).toContain(" 0% packet loss");
    await heal(lab);
    expect(await bothWays(packets)).toEqual([true, true]);
  });

  test.each([
    ["foreign-sources", false],
    ["foreign-sources@h1", false],
    ["foreign-sources@from-h1", false],
    ["foreign-sources@h2", true],
  ])("%s: a packet of h1 with a container's source passes: %s", async (word, passes) => {
    const source = "172.31.9.1";
    const [h1] = labs[lab]!.hosts.map(({ address }) => address);
    // the way back; between segments it is the router's to know
    const way = lab === "one" ? "h2" : "fabric";
    await on(lab, "h1", `ip address replace ${source}/32 dev lo`);
    await on(lab, way, `ip route replace ${source} via ${h1}`);
    expect(await pings(lab, "h1", "h2", "-I", source)).toContain(" 0% packet loss");
    await declare(lab, { drop: [word] });
    const loss = passes ? " 0% packet loss" : " 100% packet loss";
    expect(await pings(lab, "h1", "h2", "-I", source)).toContain(loss);
    // addresses are found out as ever: ARP passes
    await on(lab, "h1", "ip neigh flush dev eth0");
    expect(await pings(lab, "h1", "h2")).toContain(" 0% packet loss");
    await heal(lab);
    expect(await pings(lab, "h1", "h2", "-I", source)).toContain(" 0% packet loss");
    await on(lab, way, `ip route del ${source}`);
    await on(lab, "h1", `ip address del ${source}/32 dev lo`);
  });
});

describe.each(both)("links of other sizes, lab %s", (lab) => {
  afterEach(async () => await heal(lab));

  const mtuOf = async (host: string) => Number(await on(lab, host, "cat /sys/class/net/eth0/mtu"));

  test.each([1400, 9000])("--mtu %i: all hosts see it, and that many bytes pass", async (mtu) => {
    await declare(lab, { mtu: [String(mtu)] });
    expect(await mtuOf("h1")).toBe(mtu);
    expect(await carries(lab, "h1", "h2", mtu)).toContain(" 0% packet loss");
    expect(await carries(lab, "h1", "h2", mtu + 1)).toContain(`message too long, mtu=${mtu}`);
    expect(await ssh(lab, "h1")).toBe(0);
    await heal(lab);
    expect(await mtuOf("h1")).toBe(1500);
    expect(await carries(lab, "h1", "h2", 1500)).toContain(" 0% packet loss");
    expect(await carries(lab, "h1", "h2", 1501)).toContain("message too long, mtu=1500");
  });

  test("--mtu h2=1400: its cable alone; bigger packets to it vanish", async () => {
    await declare(lab, { mtu: ["h2=1400"] });
    expect([await mtuOf("h1"), await mtuOf("h2"), await mtuOf("h3")]).toEqual([1500, 1400, 1500]);
    expect(await carries(lab, "h2", "h1", 1401)).toContain("message too long, mtu=1400");
    expect(await carries(lab, "h1", "h2", 1400)).toContain(" 0% packet loss");
    expect(await carries(lab, "h1", "h2", 1401)).toMatch(vanished);
    expect(await carries(lab, "h1", "h3", 1500)).toContain(" 0% packet loss");
  });

  test("--mtu fabric=1400: the hosts believe 1500; on one segment bigger packets vanish, TCP's too", async () => {
    await declare(lab, { mtu: ["fabric=1400"] });
    expect([await mtuOf("h1"), await mtuOf("h3")]).toEqual([1500, 1500]);
    expect(await carries(lab, "h1", "h3", 1400)).toContain(" 0% packet loss");
    expect(await carries(lab, "h1", "h3", 1401)).toMatch(vanished);
    expect(await bulk(lab, "h1", "h3")).toBe(0);
    expect(await ssh(lab, "h3")).toBe(0);
    await heal(lab);
    expect(await carries(lab, "h1", "h3", 1500)).toContain(" 0% packet loss");
    expect(await bulk(lab, "h1", "h3")).toBe(bulkBytes);
  });

  test("--mtu 9000 --mtu fabric=1500: jumbo hosts on a usual switch", async () => {
    await declare(lab, { mtu: ["9000", "fabric=1500"] });
    expect(await mtuOf("h1")).toBe(9000);
    expect(await carries(lab, "h1", "h3", 1500)).toContain(" 0% packet loss");
    expect(await carries(lab, "h1", "h3", 1501)).toMatch(vanished);
  });
});

test("--mtu fabric=1400: between segments the router says so, and TCP adapts", async () => {
  await declare("two", { mtu: ["fabric=1400"] });
  expect(await carries("two", "h1", "h2", 1400)).toContain(" 0% packet loss");
  expect(await carries("two", "h1", "h2", 1401)).toMatch(/From 10\.211\.55\.1 .*Frag needed and DF set \(mtu = 1400\)/);
  expect(await bulk("two", "h1", "h2")).toBe(bulkBytes);
  await heal("two");
  // what the router said is believed for ten minutes
  for (const host of ["h1", "h2"]) await on("two", host, "ip route flush cache");
  expect(await carries("two", "h1", "h2", 1500)).toContain(" 0% packet loss");
});

describe.each(both)("hosts that cannot be reached, lab %s", (lab) => {
  afterEach(async () => await heal(lab));

  test("--down h2: an unplugged cable, which the host sees; ssh fails, and works when it is plugged in", async () => {
    await declare(lab, { down: ["h2"] });
    expect(await pings(lab, "h1", "h2")).toContain("100% packet loss");
    expect(await ssh(lab, "h2")).toBe(255);
    expect(await ssh(lab, "h1")).toBe(0);
    expect(await on(lab, "h2", "cat /sys/class/net/eth0/carrier")).toBe("0");
    await heal(lab);
    expect(await ssh(lab, "h2")).toBe(0);
    expect(await pings(lab, "h1", "h2")).toContain(" 0% packet loss");
  });

  test("the faults of a host are there after its reboot, and declared while it is off", async () => {
    await declare(lab, { drop: ["proto4@h2"], mtu: ["h2=1400"] });
    await labStop({ name: names[lab], host: "h2" });
    await labStart({ name: names[lab], host: "h2" });
    expect(await arrives(lab, "h1", "h2", "proto4")).toBe(false);
    expect(await on(lab, "h2", "cat /sys/class/net/eth0/mtu")).toBe("1400");
    expect(await pings(lab, "h1", "h2", "-M", "do", "-s", "1373")).toMatch(vanished);

    await labStop({ name: names[lab], host: "h2" });
    await declare(lab, { down: ["h2"], mtu: ["9000"] });
    await labStart({ name: names[lab], host: "h2" });
    expect(await on(lab, "h2", "cat /sys/class/net/eth0/carrier")).toBe("0");
    expect(await pings(lab, "h1", "h2")).toContain("100% packet loss");
    await declare(lab, { mtu: ["9000"] });
    expect(await carries(lab, "h1", "h2", 9000)).toContain(" 0% packet loss");
    await heal(lab);
    expect(await pings(lab, "h1", "h2", "-M", "do", "-s", "1472")).toContain(" 0% packet loss");
    expect(await arrives(lab, "h1", "h2", "proto4")).toBe(true);
  });
});

test("on the command line: declared, shown, in the list, and healed", async () => {
  const options = ["--drop", "proto4", "--drop", "udp:53@to-h1", "--mtu", "h3=1400", "--down", "h2"];
  const faults = { drop: ["proto4", "udp:53@to-h1"], mtu: ["h3=1400"], down: ["h2"] };
  const words = `Faults of lab fa-one: ${options.join(" ")}`;
  expect(await xhost("lab", "fault", names.one, ...options)).toEqual({ code: 0, stdout: words, stderr: "" });
  expect(await xhost("lab", "fault", names.one)).toEqual({ code: 0, stdout: words, stderr: "" });
  expect(JSON.parse((await xhost("lab", "fault", names.one, "--json")).stdout)).toEqual({ name: names.one, faults });
  const list = (await xhost("lab", "list")).stdout.split("\n").filter((line) => line.startsWith(`${names.one} `));
  expect(list.map((line) => /running {2}(.*?) {2}/.exec(line)?.[1])).toEqual([
    "drop proto4, drop udp:53@to-h1",
    "drop proto4, down",
    "drop proto4, mtu h3=1400",
  ]);
  expect((await xhost("lab", "fault", names.one, "--clear")).stdout).toBe("The lab fa-one has no fault.");
  expect(await pings("one", "h1", "h2")).toContain(" 0% packet loss");
});

describe("what is wrong with the options", () => {
  test("is said all at once, and nothing changes", async () => {
    await declare("one", { drop: ["udp:53"] });
    const wrong = await xhost("lab", "fault", names.one, "--drop", "icmp", "--mtu", "10", "--down", "h9");
    expect(wrong).toMatchObject({
      code: 3,
      stderr: [
        'drop "icmp": should be proto4, udp, udp:PORT or foreign-sources, for one host followed by @HOST, @from-HOST or @to-HOST',
        'mtu "10": should be N, HOST=N or fabric=N with N from 576 to 9216',
        "lab fa-one: no host h9: has h1, h2, h3",
      ].join("\n"),
    });
    expect((await xhost("lab", "fault", names.one, "--clear", "--down", "h1")).code).toBe(3);
    expect(await labFaults(names.one)).toEqual({ ...noFaults, drop: ["udp:53"] });
    await heal("one");
  });

  test("a lab is not begun with them", async () => {
    const up = { name: "fa-none", hosts: 2, cwd: folder } as const;
    await expect(labUp({ ...up, segments: 3 })).rejects.toThrow("number of segments: should be 1 to 2 ");
    await expect(labUp({ ...up, faults: { ...noFaults, down: ["h3"] } })).rejects.toThrow("lab fa-none: no host h3");
    expect((await labList()).map(({ name }) => name)).not.toContain("fa-none");
  });

  test("a program that is missing is named with its package", async () => {
    const bin = `${folder}/bin`;
    await mkdir(bin);
    await symlink((await execa("which", ["apt-cache"])).stdout, `${bin}/apt-cache`);
    vi.stubEnv("PATH", bin);
    const faults = { ...noFaults, drop: ["udp"] };
    const refused = await setLabFaults({ name: names.one, faults }).catch(String);
    vi.unstubAllEnvs();
    expect(refused).toContain("nft  of package nftables");
    expect(await labFaults(names.one)).toEqual(noFaults);
  });
});

test("the machine's own namespace was never touched", async () => {
  expect(await machine()).toBe(before);
});

const xhost = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [CLI, ...args], { reject: false, cwd: folder });
  return { code: exitCode, stdout, stderr };
};

const declare = async (lab: Which, faults: Partial<Faults>): Promise<Faults> =>
  await setLabFaults({ name: names[lab], faults: { ...noFaults, ...faults } });
const heal = async (lab: Which): Promise<Faults> => await declare(lab, noFaults);

const on = async (lab: Which, host: string, script: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await labExec({ name: names[lab], host, command: ["sh", "-c", script] });
  if (exitCode !== 0) throw new Error(`${host}: ${script}: status ${exitCode}\n${stdout}\n${stderr}`);
  return stdout;
};

const listed = async (lab: Which) => (await labList()).find(({ name }) => name === names[lab])?.faults;

/** What a ping of one packet said; lost ones are a result. */
const pings = async (lab: Which, from: string, to: string, ...options: string[]): Promise<string> => {
  const command = ["ping", "-c1", "-W1", ...options, to];
  const { stdout, stderr } = await labExec({ name: names[lab], host: from, command });
  return `${stdout}\n${stderr}`;
};

/** A ping of a packet of that many bytes, not to be fragmented. */
const carries = async (lab: Which, from: string, to: string, bytes: number) =>
  await pings(lab, from, to, "-M", "do", "-s", String(bytes - 28));

/** A ping's answer when nobody said why: neither the host itself nor a router. */
const vanished = /^(?![^]*(too long|Frag needed|Unreachable))[^]*100% packet loss/;

/** What is sent by hand, since not every kernel has ipip or vxlan: type and protocol of socket(2), and the UDP port. */
const sockets = { proto4: [3, 4, 0], udp4789: [2, 17, 4789] } as const;
type Packets = keyof typeof sockets;

/** Whether packets of that kind get through, as the other host's own counter saw it. */
const arrives = async (lab: Which, from: string, to: string, packets: Packets): Promise<boolean> => {
  const [type, protocol, port] = sockets[packets];
  const [source, target] = [from, to].map((host) => labs[lab]!.hosts.find(({ name }) => name === host)!.address);
  const count = `-p ${protocol} -s ${source}${port === 0 ? "" : ` --dport ${port}`}`;
  await on(lab, to, `iptables -t mangle -F PREROUTING; iptables -t mangle -A PREROUTING ${count}`);
  const send = `socket(S, PF_INET, ${type}, ${protocol}) or die "socket: $!";
    for (1..3) { send(S, "x", 0, sockaddr_in(${port}, inet_aton("${target}"))) or die "send: $!" }`;
  await on(lab, from, `perl -MSocket -e '${send}'`);
  const counted = await on(lab, to, "sleep 0.1; iptables -t mangle -nvxL PREROUTING");
  const [seen] = (counted.split("\n")[2] ?? "").trim().split(/\s+/);
  expect(["0", "3"]).toContain(seen);
  return seen === "3";
};

const bulkBytes = 3_000_000;

/** Bytes that arrive of a TCP stream within seconds, of `bulkBytes`. */
const bulk = async (lab: Which, from: string, to: string): Promise<number> => {
  const hear = on(lab, to, "timeout 4 nc -l -p 9000 | wc -c");
  await on(lab, from, `sleep 0.5; head -c ${bulkBytes} /dev/zero | timeout 3 nc -N ${to} 9000; true`);
  return Number(await hear);
};

type Inventory = {
  defaults: { ssh: { user: string; identityFile: string; userKnownHostsFile: string; proxyCommand: string } };
  hosts: Record<string, { ssh: { host: string } }>;
};

/** The exit code of `ssh HOST true` as the inventory has it: 255 is ssh's own when it does not get there. */
const ssh = async (lab: Which, host: string): Promise<number> => {
  const { defaults, hosts } = parse(await readFile(labs[lab]!.inventory, "utf8")) as Inventory;
  const { user, identityFile, userKnownHostsFile, proxyCommand } = defaults.ssh;
  const options = [
    "BatchMode=yes",
    "ConnectTimeout=4",
    `UserKnownHostsFile=${userKnownHostsFile}`,
    `ProxyCommand=${proxyCommand}`,
  ].flatMap((option) => ["-o", option]);
  const target = `${user}@${hosts[host]!.ssh.host}`;
  return (await execa("ssh", ["-F", "none", "-i", identityFile, ...options, target, "true"], { reject: false }))
    .exitCode!;
};

/** What faults might change by mistake: the machine's own filters, queues, links and settings of bridges. */
async function machine(): Promise<string> {
  const commands = [
    "nft list ruleset",
    "tc qdisc show",
    "ip -o link show",
    "grep -r . /proc/sys/net/bridge /proc/sys/net/ipv4/conf/all /proc/sys/net/ipv4/ip_forward",
  ];
  const shown = commands.map(async (command) => (await execa("sh", ["-c", `${command} 2>&1; true`])).stdout);
  return (await Promise.all(shown)).join("\n");
}
