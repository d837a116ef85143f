// What the fabric passes, measured with real packets on a switch that drops and on hosts that hinder.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { measure } from "../../src/doctor/measure.ts";
import { proberScript } from "../../src/doctor/prober-script.ts";
import { parseInventory } from "../../src/inventory/parse.ts";
import { setLabFaults } from "../../src/lab/faults.ts";
import type { Carrier, Way } from "../../src/model/evidence.ts";
import { connector, type Connector } from "../../src/ssh/connect.ts";
import type { Host } from "../../src/ssh/host.ts";
import { testLab, type TestLab } from "./xhost.ts";

const name = "pr-measure";
const carriers: readonly Carrier[] = ["foreign", "proto4", "udp:4789", "udp:51820"];

const hasPython = existsSync("/usr/bin/python3");

let lab: TestLab;
let ssh: Connector;
let hosts: ReadonlyMap<string, Host>;

// h1 and h3 are the machine's own Debian with Python, h2 has of Perl but perl-base
beforeAll(async () => {
  lab = await testLab(name, 3, "machine,sid");
  ({ ssh, hosts } = await connect());
  for (const host of ["h1", "h2"]) await lab.on(host, "iptables -P INPUT ACCEPT; iptables -P OUTPUT ACCEPT");
});
afterAll(async () => {
  await ssh.close();
  await lab.down();
});
afterEach(async () => {
  await faults({});
});

const connect = async () => {
  const connections = connector({ timeout: 60, note: () => undefined });
  const inventory = parseInventory(await readFile(lab.lab.inventory, "utf8"), { file: "inventory.yml", env: {} });
  const open = inventory.hosts.map(async (host) => [host.name, await connections.open(host)] as const);
  return { ssh: connections, hosts: new Map(await Promise.all(open)) };
};

const faults = (some: { drop?: string[]; mtu?: string[] }) =>
  setLabFaults({ name, faults: { drop: [], mtu: [], down: [], ...some } });

const address = (host: string) => `10.211.55.1${host.slice(1)}`;

const way = (from: string, to: string, more: Partial<Way> = {}): Way => ({
  from,
  to,
  source: address(from),
  target: address(to),
  carriers,
  mtu: 1500,
  likely: 1500,
  foreign: { device: "eth0", source: `172.30.${from.slice(1)}.2`, target: `172.30.${to.slice(1)}.2` },
  ...more,
});

/** Sizes of all carriers from h1 to h2 and back, in the carriers' order. */
const measured = async (more: { there?: Partial<Way>; back?: Partial<Way> } = {}) => {
  const [there, back] = [way("h1", "h2", more.there), way("h2", "h1", more.back)];
  const { sizes, errors } = await measure([there, back], { hosts });
  expect([...errors.values()]).toEqual([]);
  const list = (one: Way) => carriers.map((carrier) => sizes.get(one)?.get(carrier));
  return { there: list(there), back: list(back) };
};

const all = (size: number) => carriers.map(() => size);

/** Probers that are at work on a host, by process id. */
const probers = (host: string) => lab.on(host, "pgrep -x 'perl|python3|python3.11|timeout' || true");

/** Puts a program that always fails before another one, in the mounts of this host only. */
const hiding = async <T>(host: string, programs: readonly string[], work: () => Promise<T>): Promise<T> => {
  for (const program of programs) await lab.on(host, `mount --bind /bin/false ${program}`);
  try {
    return await work();
  } finally {
    for (const program of programs) await lab.on(host, `umount ${program}`);
  }
};

describe("what the fabric passes", () => {
  test("everything, and neighbours that have to be asked for first", async () => {
    for (const host of ["h1", "h2"]) await lab.on(host, "ip neigh flush all");
    expect(await measured()).toEqual({ there: all(1500), back: all(1500) });
  });

  test.each([1000, 5])(
    "every way between three hosts, with the carriers that are asked for, %i lanes at once",
    async (atOnce) => {
      const names = ["h1", "h2", "h3"];
      const ways = names.flatMap((from) =>
        names.filter((to) => to !== from).map((to) => way(from, to, { carriers: ["proto4", "udp:7"] })),
      );
      const { sizes, errors } = await measure(ways, { hosts, atOnce });
      const expected = new Map([
        ["proto4", 1500],
        ["udp:7", 1500],
      ]);
      expect([errors.size, sizes]).toEqual([0, new Map(ways.map((one) => [one, expected]))]);
    },
  );

  test("a host whose device has a smaller MTU", async () => {
    await lab.on("h2", "ip link set eth0 mtu 1400");
    const smaller = { mtu: 1400, likely: 1400 };
    // a veth takes 4 bytes more than its MTU, as a network card does
    expect(await measured({ there: { likely: 1400 }, back: smaller })).toEqual({ there: all(1404), back: all(1400) });
    // not even the sender's kernel takes them
    expect((await measured()).back).toEqual(all(1400));
    await lab.on("h2", "ip link set eth0 mtu 1500");
  });

  test("jumbo frames", async () => {
    await faults({ mtu: ["9000"] });
    const jumbo = { mtu: 9000, likely: 9000 };
    expect(await measured({ there: jumbo, back: jumbo })).toEqual({ there: all(9000), back: all(9000) });
  });

  test.each([1400, 1443])("a switch that drops without a word what is bigger than %i", async (limit) => {
    await faults({ mtu: [`fabric=${limit}`] });
    expect(await measured()).toEqual({ there: all(limit), back: all(limit) });
  });

  test.each([
    [["proto4"], [1500, 0, 1500, 1500], [1500, 0, 1500, 1500]],
    [["udp:4789@from-h1"], [1500, 1500, 0, 1500], all(1500)],
    [["foreign-sources@h2"], all(1500), [0, 1500, 1500, 1500]],
    [["proto4", "udp", "foreign-sources"], all(0), all(0)],
  ])("a switch that drops %j", async (drop, there, back) => {
    await faults({ drop });
    expect(await measured()).toEqual({ there, back });
  });

  test("packets that are lost by chance are sent again", async () => {
    const probes = "ip protocol { icmp, udp, 4 }";
    const chain = "bridge chance every_second";
    await lab.on(
      "fabric",
      `nft 'add table bridge chance; add chain ${chain} { type filter hook prerouting priority 0; }; add rule ${chain} ${probes} numgen inc mod 2 0 drop'`,
    );
    try {
      expect(await measured()).toEqual({ there: all(1500), back: all(1500) });
    } finally {
      await lab.on("fabric", "nft delete table bridge chance");
    }
  });

  test("two measurements at once do not take each other's probes for theirs", async () => {
    const [one, two] = [way("h1", "h2"), way("h2", "h1", { carriers: ["udp:4789"], mtu: 1000, likely: 1000 })];
    const both = await Promise.all([measure([one], { hosts }), measure([two], { hosts })]);
    expect(both.map(({ sizes }) => [...sizes.values()].map((size) => [...size.values()]))).toEqual([
      [all(1500)],
      [[1000]],
    ]);
  });
});

describe("hosts that hinder", () => {
  test("what the receiving host lets in is another matter", async () => {
    await lab.on("h2", "iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -j DROP");
    expect(await measured()).toEqual({ there: all(1500), back: all(1500) });
    await lab.on("h2", "iptables -F INPUT");
  });

  test("what the sending host lets out is not", async () => {
    await lab.on("h2", "iptables -A OUTPUT -p udp --dport 4789 -j DROP");
    expect(await measured()).toEqual({ there: all(1500), back: [1500, 1500, 0, 1500] });
    await lab.on("h2", "iptables -F OUTPUT");
  });

  test("a device that is not there passes nothing foreign", async () => {
    const foreign = { device: "eth7", source: "172.30.1.2", target: "172.30.2.2" };
    expect((await measured({ there: { foreign } })).there).toEqual([0, 1500, 1500, 1500]);
  });

  test.skipIf(!hasPython)("Python where there is no Perl, sender and receiver", async () => {
    await hiding("h1", ["/usr/bin/perl"], async () => {
      await lab.on("h1", "ip neigh flush all");
      expect(await measured()).toEqual({ there: all(1500), back: all(1500) });
      await faults({ mtu: ["fabric=1443"], drop: ["udp:4789"] });
      expect(await measured()).toEqual({ there: [1443, 1443, 0, 1443], back: [1443, 1443, 0, 1443] });
    });
  });

  test("neither: the host is named with the remedy, the others are measured", async () => {
    const [out, back, other] = [way("h1", "h2"), way("h2", "h1"), way("h2", "h3")];
    const programs = ["/usr/bin/perl", "/usr/bin/python3"].filter((program) => existsSync(program));
    const { sizes, errors } = await hiding("h1", programs, () => measure([out, back, other], { hosts }));
    expect([...errors].map(([host, { code, message }]) => [host, code, message])).toEqual([
      ["h1", "REMOTE", "h1: measure what the fabric passes: there is neither perl nor python3: install one of them"],
    ]);
    expect(sizes).toEqual(new Map([[other, new Map(carriers.map((carrier) => [carrier, 1500]))]]));
  });

  test("a host that there is no connection to is left out", async () => {
    const [one, other] = [way("h1", "h2"), way("h2", "h3")];
    const some = new Map([...hosts].filter(([host]) => host !== "h1"));
    const { sizes, errors } = await measure([one, other], { hosts: some });
    expect([errors.size, [...sizes.keys()]]).toEqual([0, [other]]);
  });

  test.each([
    ["ends", "KILL", /^h3: measure what the fabric passes: the prober ended early/],
    ["stands still", "STOP", /^h3: measure what the fabric passes: no answer within 10 s/],
  ])("a prober that %s half-way: the others are measured", async (_title, signal, message) => {
    await faults({ mtu: ["fabric=1443"] });
    const [one, other] = [way("h1", "h2"), way("h2", "h3")];
    const running = measure([one, other], { hosts });
    while ((await probers("h3")) === "") await setTimeout(10);
    // well after its start, well before the search is over
    await setTimeout(500);
    await lab.on("h3", `pkill -${signal} -x perl`);
    const { sizes, errors } = await running;
    expect([...errors].map(([host, error]) => [host, error.message])).toEqual([["h3", expect.stringMatching(message)]]);
    expect(sizes).toEqual(new Map([[one, new Map(carriers.map((carrier) => [carrier, 1443]))]]));
    await lab.on("h3", "pkill -KILL -x perl || true");
  });
});

describe("nothing is left", () => {
  const state = async (host: string) =>
    [
      await lab.snapshot(host),
      await lab.on(host, "ip -d link | grep -oE 'promiscuity [0-9]+'; ip -o -4 address; ls -A /tmp /root /etc /run"),
    ].join("\n");

  const programs = [
    ["Perl", "h1", []],
    ["Perl", "h2", []],
    ...(hasPython ? [["Python", "h1", ["/usr/bin/perl"]] as const] : []),
  ] as const;
  test.each(programs)("with %s, the kernel's state and the files of %s are as before", async (_title, host, hidden) => {
    const before = await state(host);
    await lab.on(host, "touch /run/mark");
    expect(await hiding(host, hidden, () => measured())).toEqual({ there: all(1500), back: all(1500) });
    // sshd's own notes of logins are mounts of their own
    const files = await lab.on(host, "find / /bin /etc /lib /usr /var /root /tmp /opt -xdev -newer /run/mark -type f");
    await lab.on(host, "rm /run/mark");
    expect([files, await state(host), await probers(host)]).toEqual(["", before, ""]);
  });

  test("an interrupt ends it at once", async () => {
    await faults({ drop: ["proto4"] });
    const interrupt = new AbortController();
    const running = measure([way("h1", "h2")], { hosts, signal: interrupt.signal });
    while ((await probers("h2")) === "") await setTimeout(10);
    interrupt.abort();
    await expect(running).rejects.toThrow(/abort/);
    expect([await probers("h1"), await probers("h2")]).toEqual(["", ""]);
  });

  test("a prober ends with its connection", async () => {
    const second = await connect();
    const shell = await second.hosts.get("h1")?.shell("try");
    shell?.send(proberScript({ id: "0123456789abcdef", life: 60 }));
    expect(await shell?.nextLine()).toBe("R");
    expect(await probers("h1")).not.toBe("");
    await second.ssh.close();
    for (let i = 0; i < 1000 && (await probers("h1")) !== ""; i++) await setTimeout(20);
    expect(await probers("h1")).toBe("");
  });
});
