import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sshConfigHosts } from "./ssh-config.ts";

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xhost-init-config-"));
  file = join(folder, "config");
  await writeFile(
    file,
    `Host web db
  HostName %h.example.net
Host web2 www
  HostName 192.0.2.2
Host inner
  HostName 127.0.0.1
  ProxyJump ops@bastion:2200
Host vm
  HostName 127.0.0.1
  Port 2222
  User vagrant
  IdentityFile /keys/one
  IdentityFile "/keys/the other"
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
Host -x
  HostName 192.0.2.3
Host *
  User deploy
`,
    { mode: 0o600 },
  );
});
afterAll(() => rm(folder, { recursive: true }));

const read = (options: { isDefault?: boolean; only?: string[] } = {}) =>
  sshConfigHosts({ file, isDefault: options.isDefault ?? false, only: options.only });

test("what the file says, and nothing that ssh does without it", async () => {
  const { hosts } = await read({ only: ["web", "db", "inner", "vm"] });
  const deploy = { user: "deploy" };
  expect(hosts).toEqual([
    { name: "web", ssh: { host: "web.example.net", ...deploy }, identityFiles: [], isAsked: false },
    { name: "db", ssh: { host: "db.example.net", ...deploy }, identityFiles: [], isAsked: false },
    {
      name: "inner",
      ssh: { host: "127.0.0.1", ...deploy, proxyJump: "ops@bastion:2200" },
      identityFiles: [],
      isAsked: false,
    },
    {
      name: "vm",
      ssh: {
        host: "127.0.0.1",
        port: 2222,
        user: "vagrant",
        userKnownHostsFile: "/dev/null",
        strictHostKeyChecking: "no",
      },
      identityFiles: ["/keys/one", "/keys/the other"],
      isAsked: true,
    },
  ]);
});

test("ssh reads its own file again: the alias says it all", async () => {
  expect((await read({ isDefault: true, only: ["vm"] })).hosts).toEqual([
    { name: "vm", ssh: { host: "vm" }, identityFiles: [], isAsked: true },
  ]);
});

test("two names of one host are one host", async () => {
  const { hosts, leftOut } = await read({ only: ["web2", "www"] });
  expect(hosts.map(({ name }) => name)).toEqual(["web2"]);
  expect(leftOut).toEqual([{ name: "www", why: "the same host as web2" }]);
});

test("a jump host is no Docker host, and is said in words that need no file", async () => {
  const other = join(folder, "jumps");
  await writeFile(
    other,
    `Host web
  HostName 192.0.2.3
  ProxyJump bast
Host db
  HostName 192.0.2.4
  ProxyJump root@bast:2201,192.0.2.9
Host bast
  HostName 192.0.2.5
  User ops
  Port 2200
  ProxyJump outer
Host outer
  HostName 2001:db8::1
Host odd
  HostName 192.0.2.6
  ProxyJump piped
Host piped
  HostName 192.0.2.7
  ProxyCommand nc %h %p
`,
  );
  const { hosts, leftOut } = await sshConfigHosts({ file: other, isDefault: false, only: undefined });
  expect(hosts.map(({ ssh }) => ssh)).toEqual([
    { host: "192.0.2.3", proxyJump: "[2001:db8::1],ops@192.0.2.5:2200" },
    { host: "192.0.2.4", proxyJump: "[2001:db8::1],root@192.0.2.5:2201,192.0.2.9" },
  ]);
  expect(leftOut).toEqual([
    { name: "bast", why: "the jump host of db: name it with --limit if it runs Docker too" },
    { name: "outer", why: "the jump host of bast: name it with --limit if it runs Docker too" },
    { name: "odd", why: "its jump host piped is behind a ProxyCommand, which an inventory cannot say" },
    { name: "piped", why: "the jump host of odd: name it with --limit if it runs Docker too" },
  ]);
  const chosen = await sshConfigHosts({ file: other, isDefault: true, only: ["web", "bast"] });
  expect(chosen.hosts.map(({ name }) => name)).toEqual(["web", "bast"]);
});

test("a name that is not there, one that ssh refuses", async () => {
  await expect(read({ only: ["nope"] })).rejects.toThrow(/^--limit: no Host nope in .*config \(known: web, db, web2/);
  await expect(read()).rejects.toThrow(/config: Host -x: .*\nhostname contains invalid characters$/);
});
