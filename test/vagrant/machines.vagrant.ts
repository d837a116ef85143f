import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { quote } from "../../src/ssh/quote.ts";
import { machine, startSandbox, type Sandbox } from "./sandbox.ts";

/**
 * vagrant/Vagrantfile and inventory/vagrant.yml as they stand, on two emulated machines with kernels of their own. The tests build on
 * one another: machines come up once, and what they cost is printed for docs/vagrant.md.
 */
let before: string;
let sandbox: Sandbox;
let folder: string;
const figures: [string, string][] = [];
/** Of machines of the user's own: these here have other keys at the same addresses. */
const KNOWN_HOSTS = "vagrant/known_hosts";
let aside = false;

beforeAll(async () => {
  aside = await rename(KNOWN_HOSTS, `${KNOWN_HOSTS}.aside`).then(
    () => true,
    () => false,
  );
  before = await machine();
  folder = await mkdtemp(join(tmpdir(), "xhost-vagrant-"));
  sandbox = await startSandbox();
});
afterAll(async () => {
  await sandbox.end();
  await rm(folder, { recursive: true });
  if (aside) await rename(`${KNOWN_HOSTS}.aside`, KNOWN_HOSTS);
  for (const [what, value] of figures) console.log(`${what.padEnd(44)}${value}`);
});

const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const start = performance.now();
  const result = await work();
  figures.push([what, `${((performance.now() - start) / 1000).toFixed(1)} s`]);
  return result;
};
const xhost = (...args: string[]): Promise<string> => sandbox.out(process.execPath, "src/cli.ts", ...args);
const ADDRESSES: Record<string, string> = { h1: "10.211.55.11", h2: "10.211.55.12" };
/** A command as root on a machine, by the plain ssh of a user. */
const on = (host: string, command: string): Promise<string> =>
  sandbox.out(
    ...["ssh", "-F", "none", "-i", sandbox.key, "-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no"],
    ...["-o", "LogLevel=ERROR", `vagrant@${ADDRESSES[host] ?? ""}`, `sudo sh -c ${quote(command)}`],
  );
/** What `destroy` has to leave as it was. */
const snapshot = async (): Promise<string> => {
  const what = `ip -o -br link | grep -v veth; ip route; iptables-save | sed "s/\\[[0-9:]*\\]//" | grep -v "^#"; docker ps -aq; docker network ls -q; lsmod | cut -d " " -f 1 | grep -E "ipip|wireguard"; find /etc/xhost; wg show interfaces; true`;
  return `${await on("h1", what)}\n${await on("h2", what)}`;
};

test("vagrant up", async () => {
  await timed("vagrant up, two machines", () => sandbox.out("sh", "-c", "cd vagrant && vagrant up"));
  for (const host of ["h1", "h2"]) expect(await on(host, "hostname; docker ps -q")).toBe(host);
});

test("xhost init --from vagrant: the private addresses, which ssh-config does not tell", async () => {
  const ssh = await timed("vagrant ssh-config", () => sandbox.out("sh", "-c", "cd vagrant && vagrant ssh-config"));
  expect(ssh).not.toContain("10.211.55.");
  await timed("xhost init --from vagrant", () =>
    xhost("init", `${folder}/inventory.yml`, "--from", "vagrant", "vagrant"),
  );
  const text = await readFile(`${folder}/inventory.yml`, "utf8");
  for (const address of Object.values(ADDRESSES))
    expect(text).toContain(`address: ${address} # eth1, on the network that all of these hosts are on\n`);
});

const KINDS = [
  { plane: "ipip", inventory: () => Promise.resolve("inventory/vagrant.yml"), containers: ["c1", "c2"] },
  {
    plane: "wireguard",
    inventory: async () => {
      const text = await readFile(`${folder}/inventory.yml`, "utf8");
      await writeFile(`${folder}/wireguard.yml`, text.replace("plane: auto", "plane: wireguard"));
      return `${folder}/wireguard.yml`;
    },
    containers: ["probe", "probe"],
  },
];

test.each(KINDS)(
  "$plane with the module of the kernel",
  async ({ plane, inventory, containers: [c1 = "", c2 = ""] }) => {
    const file = await inventory();
    onTestFailed(async () => {
      await sandbox.run(process.execPath, "src/cli.ts", "destroy", "--yes", file);
    });
    const untouched = await snapshot();
    const deployed = await timed(`xhost deploy, ${plane}`, () => xhost("deploy", "--yes", file));
    expect(deployed).toContain("2 of 2 checks passed");
    for (const host of ["h1", "h2"]) {
      expect(await on(host, `ls -d /sys/module/${plane}`)).toBe(`/sys/module/${plane}`);
      expect(await on(host, `ip -o link show type ${plane} up`)).toMatch(/: xh-/);
    }

    const address = (host: string, container: string): Promise<string> =>
      on(host, `docker inspect -f "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}" ${container}`);
    const [a1, a2] = [await address("h1", c1), await address("h2", c2)];
    for (const [host, from, to] of [
      ["h1", c1, a2],
      ["h2", c2, a1],
    ] as const) {
      const said = await on(host, `docker exec ${from} ping -c 10 -A ${to}`);
      expect(said).toContain("10 packets transmitted, 10 packets received");
      figures.push([
        `ping from ${from} on ${host}, ${plane}`,
        `${/min\/avg\/max = [^/]*\/([^/]*)/.exec(said)?.[1] ?? ""} ms`,
      ]);
    }
    // nc ends when its standard input does; /proc/uptime is the only clock in the image
    await on("h2", `docker exec -d ${c2} sh -c "sleep 60 | nc -l -p 5001 >/dev/null"`);
    const sending = `cat /proc/uptime >/tmp/start; dd if=/dev/zero bs=64k count=800 2>/tmp/dd | nc ${a2} 5001`;
    const script = `until ${sending}; do sleep 1; done; cat /tmp/start /proc/uptime /tmp/dd`;
    const [start = "", end = "", sent] = (await on("h1", `timeout 60 docker exec ${c1} sh -c '${script}'`)).split("\n");
    expect(sent).toBe("800+0 records in");
    figures.push([`50 MiB over TCP, ${plane}`, `${(52.4 / (parseFloat(end) - parseFloat(start))).toFixed(1)} MB/s`]);

    const again = await timed(`xhost deploy again, ${plane}`, () => xhost("deploy", "--yes", file));
    expect(again).toContain("Nothing to do.");
    await timed(`xhost destroy, ${plane}`, () => xhost("destroy", "--yes", file));
    expect(await snapshot()).toBe(untouched);
  },
);

test("vagrant destroy, and nothing is left of any of it", async () => {
  await timed("vagrant destroy -f", () => sandbox.out("sh", "-c", "cd vagrant && vagrant destroy -f"));
  expect(await sandbox.out("virsh", "list", "--all", "--name")).toBe("");
  expect(await sandbox.out("virsh", "net-list", "--all", "--name")).toBe("");
  expect(await sandbox.end()).toEqual([]);
  expect(await machine()).toBe(before);
});
