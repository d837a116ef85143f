// `xhost capture` on real hosts, its files and streams read with Wireshark's own programs.
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { labStart, labStop } from "../../src/lab/power.ts";
import { serving } from "./packets.ts";
import { addressOf, CLI, testLab, type TestLab } from "./xhost.ts";

const PATIENT = { timeout: 120_000, interval: 250 };
/** Within which nothing of a capture is left on a host once it has ended, and once it was killed. */
const [SOON, LATER] = [60, 120];

let lab: TestLab;
let vxlan: string;
let addresses: { readonly c1: string; readonly c2: string };

const byPlane = (plane: string): Promise<string> =>
  lab.inventory(`${plane}.yml`, (text) => serving(text).replace(/plane: \w+/, `plane: ${plane}`));

const deploy = async (file: string): Promise<void> => {
  const { code, stdout, stderr } = await lab.xhost("deploy", file, "--yes");
  expect(code, stdout + stderr).toBe(0);
};

beforeAll(async () => {
  lab = await testLab("ecap", 2, "bookworm,sid");
  vxlan = await byPlane("vxlan");
  await deploy(vxlan);
  addresses = { c1: await addressOf(lab, "h1", "c1"), c2: await addressOf(lab, "h2", "c2") };
});
afterAll(() => lab.down());

type Running = {
  readonly kill: (signal: NodeJS.Signals) => boolean;
  readonly end: Promise<{ readonly exitCode?: number; readonly stdout: string; readonly stderr: string }>;
};

/** Starts a capture and resolves when it takes packets. The process is a thenable, which no async function can return. */
const capturing = async (...args: string[]): Promise<Running> => {
  const options = { reject: false, stdin: "ignore", cwd: lab.folder } as const;
  const run = execa(process.execPath, [CLI, "capture", ...args], options);
  let text = "";
  await new Promise<void>((resolve, reject) => {
    run.stderr.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("Ctrl-C ends it")) resolve();
    });
    void run.then(() => reject(new Error(`it ended: ${text}`)));
  });
  return { kill: (signal) => run.kill(signal), end: run };
};

const ping = (count = 1): Promise<string> => lab.on("h1", `docker exec c1 ping -c ${count} ${addresses.c2}`);

/** Fields of a capture's IP packets, as tshark reads them. Docker 28 says a container's address by ARP for some seconds after its start. */
const read = async (file: string, ...fields: string[]): Promise<string[][]> => {
  const args = ["-n", "-r", file, "-Y", "ip", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"];
  const { stdout } = await execa("tshark", [...args, ...fields.flatMap((field) => ["-e", field])]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t"));
};

/** Programs of captures that run on the hosts. */
const leftovers = async (): Promise<string> =>
  (await Promise.all(["h1", "h2"].map((host) => lab.on(host, "pgrep -a tcpdump || true")))).join("");

/** Waits until so many IP packets, or more, are in the file of a capture that goes on: its end may not be whole yet. */
const taken = (file: string, packets: number): Promise<void> =>
  vi.waitFor(async () => {
    const rows = await read(join(lab.folder, file), "frame.number");
    expect(rows.length).toBeGreaterThanOrEqual(packets);
  }, PATIENT);

const goneWithin = async (seconds: number): Promise<void> => {
  for (let waited = 0; waited < seconds && (await leftovers()) !== ""; waited++) await setTimeout(1000);
  expect(await leftovers()).toBe("");
};

const points = (far: string, near: string, device: string): string[] => [
  `h1 c1 container eth0`,
  `h1 app bridge xh-ecap-app`,
  ...(device === "" ? [] : [`h1 tunnel ${device}`]),
  `h1 nic ${near}`,
  `h2 nic ${far}`,
  ...(device === "" ? [] : [`h2 tunnel ${device}`]),
  `h2 app bridge xh-ecap-app`,
  `h2 c2 container eth0`,
];

/** A ping from c1 to c2 that is captured to a file: the points of the request, then those of the answer. */
const captured = async (inventory: string, file: string, packets: number): Promise<void> => {
  const run = await capturing(inventory, "c1", "c2", "-w", file);
  await ping();
  await taken(file, packets);
  run.kill("SIGINT");
  const { exitCode, stderr } = await run.end;
  expect(exitCode, stderr).toBe(0);
};

describe("a ping over vxlan, in a file that tshark reads", () => {
  let file: string;
  beforeAll(async () => {
    file = join(lab.folder, "ping.pcapng");
    await captured(vxlan, "ping.pcapng", 16);
  });

  test("is at every point, there and back, in the order of its way", async () => {
    const rows = await read(file, "frame.interface_name", "icmp.type");
    const way = points("eth0", "eth0", "xh-ecap-vxlan");
    expect(rows).toEqual([...way.map((name) => [name, "8"]), ...way.toReversed().map((name) => [name, "0"])]);
  });

  test("has the outer and the inner headers on the NICs, and the inner ones alone elsewhere", async () => {
    const rows = await read(file, "frame.interface_name", "ip.src", "ip.dst", "udp.dstport", "vxlan.vni");
    const [{ c1, c2 }, vni] = [addresses, rows.find(([, , , port]) => port === "4789")?.[4]];
    expect(Number(vni)).toBeGreaterThan(8_000_000);
    const outer = [`10.211.55.11,${c1}`, `10.211.55.12,${c2}`, "4789", vni];
    const inner = [c1, c2, "", ""];
    expect(rows.slice(0, 8).map(([name, ...rest]) => [name?.includes(" nic "), ...rest])).toEqual(
      [inner, inner, inner, outer, outer, inner, inner, inner].map((row) => [row === outer, ...row]),
    );
  });

  test("says which clock its times are of, and that nothing was lost", async () => {
    const { stdout } = await execa("capinfos", ["-M", file]);
    expect(stdout).toMatch(/xhost \d/);
    expect(stdout).toContain("times are those of the machine that captured");
    expect(stdout).toMatch(/h1: clock [\d.]+ ms (ahead|behind) \(± [\d.]+ ms\)/);
    expect(stdout.match(/Number of stat entries = 1/g)).toHaveLength(8);
  });

  test("is nobody else's to read", async () => {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});

test("over route there is no tunnel, and the NICs see the packet as it is", async () => {
  const route = await byPlane("route");
  const anew = async (before: string, file: string): Promise<void> => {
    expect((await lab.xhost("destroy", before, "--yes")).code).toBe(0);
    await deploy(file);
  };
  await anew(vxlan, route);
  try {
    await captured(route, "route.pcapng", 12);
    const rows = await read(join(lab.folder, "route.pcapng"), "frame.interface_name", "ip.src", "icmp.type");
    const way = points("eth0", "eth0", "");
    const { c1, c2 } = addresses;
    expect(rows).toEqual([...way.map((name) => [name, c1, "8"]), ...way.toReversed().map((name) => [name, c2, "0"])]);
  } finally {
    await anew(route, vxlan);
  }
});

test("without -w there is a line for each packet", async () => {
  const run = await capturing(vxlan, "c1", "c2", "--count", "8", "--filter", "icmp");
  await ping();
  const { exitCode, stdout } = await run.end;
  expect(exitCode).toBe(0);
  const lines = stdout.split("\n");
  expect(lines).toHaveLength(8);
  const { c1, c2 } = addresses;
  expect(lines[0]).toMatch(
    new RegExp(`^[\\d:.]{15}  h1 c1 container eth0 +${c1} > ${c2} icmp echo request id \\d+ seq 0, 98 bytes$`),
  );
  expect(lines[3]).toMatch(
    new RegExp(`h1 nic eth0 +10.211.55.11 > 10.211.55.12 vxlan \\d+: ${c1} > ${c2} icmp echo request id`),
  );
  await goneWithin(SOON);
});

test("it ends after its time, --json says what was seen where, and one container gives all its packets", async () => {
  const run = await capturing(vxlan, "c2", "--seconds", "20", "--json", "--point", "container,nic");
  await ping();
  await lab.on("h2", `ping -c 1 ${addresses.c2}`);
  const { exitCode, stdout } = await run.end;
  expect(exitCode).toBe(0);
  const told = JSON.parse(stdout) as {
    packets: number;
    points: { kind: string; packets: number; lost: number }[];
  };
  expect(told.points.map(({ kind, lost }) => [kind, lost])).toEqual([
    ["container", 0],
    ["nic", 0],
  ]);
  const [container, nic] = told.points.map(({ packets }) => packets);
  // The host's own ping does not come by its NIC.
  expect(nic).toBe(2);
  expect(container).toBeGreaterThanOrEqual(4);
  await goneWithin(SOON);
});

test("a filter narrows it inside; the tunnel's packets on the NIC stay whole", async () => {
  const run = await capturing(vxlan, "c1", "c2", "--filter", "tcp port 80", "-w", "filter.pcapng");
  await ping();
  await lab.on("h1", `docker exec c1 wget -q -O /dev/null http://${addresses.c2}/cgi-bin/who`);
  // In the order of time: four of the ping, then those of the download.
  await taken("filter.pcapng", 45);
  run.kill("SIGTERM");
  expect((await run.end).exitCode).toBe(0);
  const rows = await read(join(lab.folder, "filter.pcapng"), "frame.interface_name", "frame.protocols");
  const seen = (place: RegExp): string[] =>
    rows.filter(([name]) => place.test(name ?? "")).map(([, protocols]) => protocols ?? "");
  expect(seen(/container|bridge|tunnel/).length).toBeGreaterThan(20);
  expect(seen(/container|bridge|tunnel/).filter((protocols) => !protocols.includes(":tcp"))).toEqual([]);
  expect(seen(/nic/).filter((protocols) => protocols.includes(":icmp"))).toHaveLength(4);
});

test("what is no filter is told with the host's words", async () => {
  const { code, stderr } = await lab.xhost("capture", vxlan, "c1", "--filter", "prot icmp");
  expect(code, stderr).toBe(3);
  // Said once, although no point takes it.
  expect(stderr.match(/filter expression/g), stderr).toHaveLength(1);
  expect(stderr).toMatch(/^h1: capture at h1 c1 container eth0: tcpdump: .*filter expression/m);
  await goneWithin(SOON);
});

test("packets on stdout are a stream that tshark reads as it comes; when it goes, nothing is left on the hosts", async () => {
  const command = `"${process.execPath}" "${CLI}" capture "${vxlan}" c1 c2 --filter icmp -w - | tshark -n -l -r - -c 3 -T fields -e frame.interface_name`;
  const run = execa("bash", ["-o", "pipefail", "-c", command], { reject: false, cwd: lab.folder, stdin: "ignore" });
  await new Promise<void>((resolve) => {
    run.stderr.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("Ctrl-C ends it")) resolve();
    });
    void run.then(() => resolve());
  });
  const pinging = lab.on("h1", `docker exec c1 ping -c 12 ${addresses.c2} || true`);
  const { stdout, exitCode, stderr } = await run;
  expect(exitCode, stderr).toBe(0);
  expect(stdout.split("\n")).toEqual(points("eth0", "eth0", "xh-ecap-vxlan").slice(0, 3));
  await goneWithin(SOON);
  await pinging;
});

test("killed without a word, it leaves nothing on the hosts for long", async () => {
  const run = await capturing(vxlan, "c1", "c2", "-w", "killed.pcapng");
  expect((await leftovers()).match(/tcpdump/g)?.length).toBeGreaterThanOrEqual(8);
  await ping();
  await taken("killed.pcapng", 16);
  run.kill("SIGKILL");
  await run.end;
  await goneWithin(LATER);
  const rows = await read(join(lab.folder, "killed.pcapng"), "frame.interface_name");
  expect(rows).toHaveLength(16);
});

test("an earlier capture is written over, another file is not", async () => {
  await writeFile(join(lab.folder, "notes.txt"), "do not touch");
  const { code, stderr } = await lab.xhost("capture", vxlan, "c1", "-w", "notes.txt", "--seconds", "1");
  expect(code).toBe(3);
  expect(stderr).toContain("notes.txt: is there already and is no capture");
  expect(await readFile(join(lab.folder, "notes.txt"), "utf8")).toBe("do not touch");
  for (let i = 0; i < 2; i++)
    expect((await lab.xhost("capture", vxlan, "c1", "-w", "again.pcapng", "--seconds", "1")).code).toBe(0);
  await goneWithin(SOON);
});

test("what cannot be captured is told before anything begins", async () => {
  const wrong = await lab.xhost("capture", vxlan, "c1", "c9");
  expect(wrong.code).toBe(3);
  expect(wrong.stderr).toContain(`capture: no container named c9 in ${vxlan} (known: c1, c2)`);
  const none = await lab.xhost("capture", vxlan);
  expect(none.code).toBe(3);
  const place = await lab.xhost("capture", vxlan, "c1", "--point", "wire");
  expect(place.code).toBe(3);
  expect(place.stderr).toContain("should be some of container, bridge, tunnel, nic");
});

test("a host without tcpdump, and a container that does not run, are named with the remedy", async () => {
  await lab.on("h2", "mv /usr/bin/tcpdump /usr/bin/tcpdump.away");
  try {
    const { code, stderr } = await lab.xhost("capture", vxlan, "c1", "c2", "--seconds", "1");
    expect(code).toBe(1);
    expect(stderr).toContain("h2: tcpdump is missing: apt install tcpdump");
  } finally {
    await lab.on("h2", "mv /usr/bin/tcpdump.away /usr/bin/tcpdump");
  }
  await lab.on("h2", "docker stop -t 1 c2");
  try {
    const { code, stderr } = await lab.xhost("capture", vxlan, "c1", "c2", "--seconds", "1");
    expect(code).toBe(1);
    expect(stderr).toContain("h2: container c2 does not run on network app");
  } finally {
    await lab.on("h2", "docker start c2");
  }
});

test("a container that is restarted ends its own point, and is told at the end; the others go on", async () => {
  const run = await capturing(vxlan, "c1", "c2", "-w", "restart.pcapng");
  await lab.on("h2", "docker restart -t 1 c2");
  const answered = async (): Promise<number> =>
    (await read(join(lab.folder, "restart.pcapng"), "frame.interface_name", "icmp.type")).filter(
      ([name, type]) => name === "h1 c1 container eth0" && type === "0",
    ).length;
  await vi.waitFor(async () => {
    await ping();
    expect(await answered()).toBeGreaterThanOrEqual(1);
  }, PATIENT);
  run.kill("SIGINT");
  const { exitCode, stderr } = await run.end;
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/h2: capture at h2 c2 container eth0: tcpdump: .*(interface|disappeared|went down)/i);
  expect(await answered()).toBeGreaterThanOrEqual(1);
});

describe("Wireshark's interfaces", () => {
  const extcap = (...args: string[]) =>
    execa(join(lab.folder, "extcap/xhost-ecap"), args, { reject: false, stdin: "ignore" });
  beforeAll(async () => {
    const { code, stdout, stderr } = await lab.xhost("capture", vxlan, "--install-extcap", "--dir", "extcap");
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("2 containers of");
  });

  test("are the containers, with their options, as extcap(4) wants them", async () => {
    const { stdout } = await extcap("--extcap-interfaces", "--extcap-version=4.2");
    expect(stdout).toMatch(/^extcap \{version=[\d.]+\}\{display=xhost\}$/m);
    expect(stdout).toContain("interface {value=xhost-ecap-c1}{display=c1 on h1, network app (xhost ecap)}");
    const dlts = await extcap("--extcap-interface", "xhost-ecap-c1", "--extcap-dlts");
    expect(dlts.stdout).toBe("dlt {number=1}{name=EN10MB}{display=Ethernet}");
    const config = await extcap("--extcap-interface", "xhost-ecap-c1", "--extcap-config");
    expect(config.stdout).toContain("value {arg=0}{value=c2}{display=c2 on h2}");
    const unknown = await extcap("--extcap-interface", "xhost-ecap-c9", "--extcap-dlts");
    expect([unknown.exitCode, unknown.stdout]).toEqual([3, ""]);
  });

  test("give packets through a FIFO until Wireshark ends it", async () => {
    const fifo = join(lab.folder, "fifo");
    await execa("mkfifo", [fifo]);
    const run = extcap(
      "--capture",
      "--extcap-interface",
      "xhost-ecap-c1",
      "--fifo",
      fifo,
      "--with",
      "c2",
      "--point",
      "container,nic",
    );
    const reading = execa("tshark", [
      "-n",
      "-l",
      "-r",
      fifo,
      "-T",
      "fields",
      "-e",
      "frame.interface_name",
      "-e",
      "icmp.type",
    ]);
    let read = "";
    reading.stdout.on("data", (chunk: Buffer) => (read += chunk.toString()));
    const way = ["h1 c1 container eth0", "h1 nic eth0", "h2 nic eth0", "h2 c2 container eth0"];
    const whole = [...way.map((name) => `${name}\t8`), ...way.toReversed().map((name) => `${name}\t0`), ""].join("\n");
    // Nothing tells when the points listen: a ping that all of them have is the last of some.
    await vi.waitFor(async () => {
      await ping();
      await expect.poll(() => read.endsWith(whole), { timeout: 5000 }).toBe(true);
    }, PATIENT);
    run.kill("SIGTERM");
    expect((await run).exitCode).toBe(0);
    expect((await reading).stdout).toBe(read.trimEnd());
    await goneWithin(SOON);
  });

  test("are found and captured from by Wireshark's own machinery", async () => {
    // tshark reads the folder of its installation, in whose place ours is for it alone.
    const { stdout: folders } = await execa("tshark", ["-G", "folders"]);
    const place = /^(?:Global )?Extcap path: *\t(.*)$/m.exec(folders)?.[1] ?? "";
    const tshark = (...args: string[]) => {
      const script = `mount --bind "$1" "$2" && shift 2 && exec tshark "$@"`;
      return execa("unshare", ["-m", "sh", "-c", script, "sh", join(lab.folder, "extcap"), place, ...args], {
        reject: false,
        stdin: "ignore",
      });
    };
    expect((await tshark("-D")).stdout).toContain("xhost-ecap-c1 (c1 on h1, network app (xhost ecap))");
    const pinging = lab.on("h1", `docker exec c1 ping -c 240 ${addresses.c2} || true`);
    try {
      const fields = ["-T", "fields", "-e", "frame.interface_name"];
      // Two pings are 32 packets at the eight points, wherever in the first one the points began to listen.
      const run = await tshark("-n", "-l", "-i", "xhost-ecap-c1", "-f", "icmp", "-c", "32", ...fields);
      expect(run.stdout.split("\n"), run.stderr).toHaveLength(32);
      expect(run.stdout).toContain("h1 c1 container eth0");
      expect(run.stderr).not.toContain("Error by extcap");
      await goneWithin(SOON);
    } finally {
      await lab.on("h1", "docker exec c1 killall ping || true");
      await pinging;
    }
  });
});

test("a host that is down is told, and how to capture without it", async () => {
  // Else h1 may ask for the address of a host that is no more, and the tunnel's packet never gets to its NIC.
  const known = "ip neigh show 10.211.55.12 dev eth0 | sed -n 's/.* lladdr \\([^ ]*\\).*/\\1/p'";
  await lab.on(
    "h1",
    `ping -c 1 10.211.55.12 && ip neigh replace 10.211.55.12 lladdr $(${known}) dev eth0 nud permanent`,
  );
  await labStop({ name: "ecap", host: "h2" });
  try {
    const { code, stderr } = await lab.xhost("capture", vxlan, "c1", "c2", "--timeout", "10");
    expect(code).toBe(4);
    expect(stderr).toContain("h2: cannot connect");
    expect(stderr).toContain("--limit h1 captures without");
    const run = await capturing(vxlan, "c1", "c2", "--limit", "h1", "--count", "4");
    await lab.on("h1", `docker exec c1 ping -c 1 -W 1 ${addresses.c2} || true`);
    const { stdout, exitCode } = await run.end;
    expect(exitCode).toBe(0);
    expect(stdout.split("\n").map((line) => line.slice(17, 40).trim().split(/ {2}/)[0])).toHaveLength(4);
    expect(stdout).toContain("h1 nic eth0");
  } finally {
    await lab.on("h1", "ip neigh del 10.211.55.12 dev eth0");
    await labStart({ name: "ecap", host: "h2" });
    await deploy(vxlan);
  }
});

test("a host that is lost meanwhile is told at the end, with the packets that came before", async () => {
  const run = await capturing(vxlan, "c1", "c2", "-w", "lost.pcapng");
  await ping();
  await taken("lost.pcapng", 16);
  await labStop({ name: "ecap", host: "h2" });
  try {
    await setTimeout(1000);
    run.kill("SIGINT");
    const { exitCode, stderr } = await run.end;
    expect(exitCode, stderr).toBe(4);
    expect(stderr).toMatch(/^h2: capture at h2 nic eth0: (the connection is lost|the host does not answer any more)/m);
    const rows = await read(join(lab.folder, "lost.pcapng"), "frame.interface_name", "icmp.type");
    const way = points("eth0", "eth0", "xh-ecap-vxlan");
    const echo = [...way.map((name) => [name, "8"]), ...way.toReversed().map((name) => [name, "0"])];
    // A container that dies with its host may say something else last.
    expect(rows.filter(([, type]) => type === "8" || type === "0")).toEqual(echo);
  } finally {
    await labStart({ name: "ecap", host: "h2" });
    await deploy(vxlan);
  }
});
