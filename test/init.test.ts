import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseInventory } from "../src/inventory/parse.ts";
import { ANSIBLE } from "./fakes/ansible-inventory.ts";
import { sshServer, type SshServer } from "./fakes/ssh-server.ts";

/**
 * `xhost init --from vagrant` with machines as VirtualBox has them: ports of this machine, and Vagrant 2.4's two keys of which a box
 * has one. The real thing with libvirt is test/vagrant.
 */
let folder: string;
const servers: SshServer[] = [];
const cli = join(import.meta.dirname, "../src/cli.ts");

const program = async (place: string, name: string, script: string): Promise<void> => {
  await mkdir(join(folder, place), { recursive: true });
  await writeFile(join(folder, place, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, place, name), 0o755);
};
const xhost = (...args: string[]) =>
  execa(process.execPath, [cli, ...args], {
    cwd: folder,
    reject: false,
    stdin: "ignore",
    env: { PATH: `${folder}/controller:${process.env["PATH"] ?? ""}`, SSH_AUTH_SOCK: "" },
  });

const machine = async (address: string, key: string): Promise<SshServer> => {
  const device = (ifname: string, local: string) => ({
    ...{ ifname, mtu: 1500, flags: ["UP"] },
    addr_info: [{ family: "inet", local, prefixlen: 24 }],
  });
  const answers = {
    "-d address": [device("eth0", "10.0.2.15"), device("eth1", address)],
    "-4 -N route show table main": [{ dst: "default", gateway: "10.0.2.2", dev: "eth0" }],
  };
  const cases = Object.entries(answers).map(([args, json]) => `"-j ${args}") echo '${JSON.stringify(json)}';;`);
  await program(address, "ip", `case "$*" in ${cases.join("\n")} esac`);
  const server = await sshServer({ authorized: [key], path: join(folder, address) });
  servers.push(server);
  return server;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xhost-init-"));
  for (const name of ["wrong", "right"])
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(folder, name)]);
  const key = (await readFile(join(folder, "right.pub"), "utf8")).trim();
  const ports = [(await machine("10.211.55.11", key)).port, (await machine("10.211.55.12", key)).port, 1];
  const blocks = ports.map(
    (port, i) => `Host h${i + 1}
  HostName 127.0.0.1
  User vagrant
  Port ${port}
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  IdentityFile ${folder}/wrong
  IdentityFile ${folder}/right
  IdentitiesOnly yes
`,
  );
  await writeFile(join(folder, "ssh_config"), `==> h1: a notice of a plugin\n${blocks.join("\n")}`);
  await program("controller", "ansible-inventory", `test "$*" = "-i hosts --list" && cat <<'END'\n${ANSIBLE}\nEND`);
  await program("controller", "vagrant", `test "$*" = ssh-config && cat '${folder}/ssh_config'`);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(folder, { recursive: true });
});

test("machines of VirtualBox: their private addresses come from themselves", async () => {
  const { exitCode, stdout, stderr } = await xhost("init", "two.yml", "--limit", "h1,h2", "--from", "vagrant");
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toMatch(/h1 +127\.0\.0\.1:\d+ +10\.211\.55\.11\n/);
  const text = await readFile(join(folder, "two.yml"), "utf8");
  expect(text).toMatch(/^# Written by `xhost init two\.yml --limit h1,h2 --from vagrant`\.\n/);
  expect(text).toContain("address: 10.211.55.12 # eth1, on the network that all of these hosts are on\n");
  const { hosts } = parseInventory(text, { file: "two.yml", env: {} });
  expect(hosts).toMatchObject([
    {
      name: "h1",
      ssh: { host: "127.0.0.1", user: "vagrant", identityFile: `${folder}/right`, strictHostKeyChecking: "no" },
      address: "10.211.55.11",
    },
    { name: "h2", address: "10.211.55.12" },
  ]);
});

test("a machine that does not answer has no address, and is said", async () => {
  const { exitCode, stdout, stderr } = await xhost("init", "three.yml", "--from", "vagrant", ".", "--json");
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/^h3: cannot connect to vagrant@127\.0\.0\.1:1: connection refused/m);
  expect(JSON.parse(stdout)).toMatchObject({
    path: join(folder, "three.yml"),
    hosts: [{ address: "10.211.55.11" }, { address: "10.211.55.12" }, { name: "h3", ssh: { port: 1 } }],
  });
  const text = await readFile(join(folder, "three.yml"), "utf8");
  expect(text).toMatch(
    /port: 1\n.*\n +# address: where the other hosts reach it; left out, because it did not answer\n/,
  );
});

test("without a source: a starter that is fine, and is never written over", async () => {
  expect((await xhost("init")).exitCode).toBe(0);
  expect((await xhost("validate", "inventory.yml")).exitCode).toBe(0);
  await writeFile(join(folder, "inventory.yml"), "mine");
  const again = await xhost("init");
  expect(again).toMatchObject({ exitCode: 3, stdout: "" });
  expect(again.stderr).toBe("inventory.yml: is there already and is left alone: name another file, or remove it");
  expect(await readFile(join(folder, "inventory.yml"), "utf8")).toBe("mine");
});

test("an Ansible inventory: as Ansible reads it, with what its ssh arguments mean", async () => {
  const { exitCode, stdout, stderr } = await xhost("init", "ansible.yml", "--from", "ansible", "hosts", "--json");
  expect(exitCode, stderr).toBe(0);
  const ssh = { proxyJump: "ops@[192.0.2.9]", strictHostKeyChecking: "no" };
  expect(JSON.parse(stdout)).toMatchObject({
    hosts: [
      {
        name: "a",
        ssh: { host: "192.0.2.1", port: 2222, user: "ops", identityFile: "~/.ssh/ops key" },
        become: "sudo",
      },
      { name: "b", ssh: { host: "192.0.2.2", userKnownHostsFile: "/dev/null", ...ssh } },
    ],
  });
  const text = await readFile(join(folder, "ansible.yml"), "utf8");
  expect(text).toContain("# Left out: c, ansible_connection is local.\n");
  expect(text).toContain("# Left out: d, ansible_host is a template, which only a playbook resolves.\n");
  expect(parseInventory(text, { file: "ansible.yml", env: {} }).hosts.map(({ become }) => become)).toEqual([
    "sudo",
    undefined,
  ]);
  const web = await xhost("init", "web.yml", "--from", "ansible", "hosts", "--limit", "web", "--json");
  expect(JSON.parse(web.stdout)).toMatchObject({ hosts: [{ name: "a" }, { name: "b" }] });
});

test.each<[string[], number, RegExp]>([
  [
    ["--from", "chef"],
    3,
    /^--from chef: is not known; .*: vagrant \[FOLDER\], ssh-config \[FILE\], ansible \[INVENTORY\]$/,
  ],
  [
    ["--from", "ansible", "hosts", "--limit", "z"],
    3,
    /^--limit: no host or group z \(known: a, b, c, d, all, db, web\)$/,
  ],
  [
    ["--from", "ansible", "hosts", "--limit", "c"],
    3,
    /names no host that can be taken over\nc: ansible_connection is local$/,
  ],
  [["--from", "vagrant", "nowhere"], 3, /nowhere: is not a folder: --from vagrant takes that of the Vagrantfile$/],
  [["--from", "ssh-config", "a", "b"], 3, /takes one path; .* before it: xhost init FILE --from ssh-config PATH$/],
  [["--from", "ssh-config", "right.pub"], 3, /^--from ssh-config right\.pub: names no host/],
  [["--from", "ssh-config", "ssh_config", "--limit", "h9"], 3, /no Host h9 in .*ssh_config \(known: h1, h2, h3\)$/],
  [["--limit", "h1"], 3, /^--limit: chooses among the hosts of --from, which is not given$/],
])("init %j is refused", async (args, code, message) => {
  const { exitCode, stderr } = await xhost("init", "new.yml", ...args);
  expect(exitCode).toBe(code);
  expect(stderr).toMatch(message);
  await expect(readFile(join(folder, "new.yml"))).rejects.toThrow("ENOENT");
});

test("what Vagrant says when it fails is passed on", async () => {
  await program("broken", "vagrant", "echo 'A Vagrant environment is required' >&2; exit 1");
  const { exitCode, stderr } = await execa(process.execPath, [cli, "init", "new.yml", "--from", "vagrant"], {
    cwd: folder,
    reject: false,
    env: { PATH: `${folder}/broken:${process.env["PATH"] ?? ""}` },
  });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^vagrant ssh-config in .*: .*exit code 1.*\nA Vagrant environment is required$/);
});
