import { execFile, execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { SshOptions } from "../../src/inventory/inventory.ts";
import { connector } from "../../src/ssh/connect.ts";
import { failure, fakes, file, folder, hostOf, identity, known, notes, open, program, rsa, server } from "./servers.ts";

test("an unknown host key is refused, with its fingerprint and the ways out", async () => {
  const message = await failure(open.open(hostOf(server, { userKnownHostsFile: known("empty") })));
  expect(message).toMatch(
    /^UNREACHABLE h1: cannot connect to root@127.0.0.1:\d+: its host key is not known: ssh-ed25519 SHA256:[\w+/]{43};/,
  );
  expect(message).not.toContain("ssh-keyscan");
  expect(message).toMatch(new RegExp(`\nssh -o .*Port=${server.port} -l root 127.0.0.1 true$`));
});

test.each(["directly", "a proxyCommand"])("the advice for an unknown host key works: %s", async (way) => {
  const proxy = `node -e 'const s = require("net").connect(%p, "%h"); process.stdin.pipe(s).pipe(process.stdout)'`;
  const ssh = {
    userKnownHostsFile: known("asked"),
    ...(way === "directly" ? {} : { host: "behind.invalid", proxyCommand: proxy.replace("%h", "127.0.0.1") }),
  };
  const message = await failure(open.open(hostOf(server, ssh)));
  expect(message).toContain("its host key is not known");
  const advice = message.split("\n").at(-1) ?? "";
  const options = `-F none -o BatchMode=no -i ${file("id")}`;
  // without a terminal ssh asks a program
  program("yes-please", "echo yes");
  const env = { ...process.env, DISPLAY: ":", SSH_ASKPASS: join(fakes, "yes-please"), SSH_ASKPASS_REQUIRE: "force" };
  await promisify(execFile)("sh", ["-c", advice.replace(/^ssh/, `ssh ${options}`)], { env });
  const fresh = connector({ timeout: 30, note: () => undefined });
  expect(await (await fresh.open(hostOf(server, ssh))).run("echo in", "greet")).toBe("in\n");
  await fresh.close();
});

test("a changed host key is refused by accept-new too, and its place is named", async () => {
  const lines = ["# comment", `[127.0.0.1]:${server.port} ${identity}`];
  const ssh = { userKnownHostsFile: known("changed", ...lines), strictHostKeyChecking: "accept-new" } as const;
  const message = await failure(open.open(hostOf(server, ssh)));
  expect(message).toContain(`its host key has changed`);
  expect(message).toContain(`${file("changed")}:2 has another`);
  expect(message).toContain(`ssh-keygen -R '[127.0.0.1]:${server.port}' -f ${file("changed")}`);
  await open.open(hostOf(server, { ...ssh, strictHostKeyChecking: "no" }));
  expect(readFileSync(file("changed"), "utf8")).toBe(`${lines.join("\n")}\n`);
  expect(notes).toEqual([
    expect.stringMatching(
      /^root@127\.0\.0\.1:\d+: its host key has changed and is taken all the same \(strictHostKeyChecking: no\), .* ssh-ed25519 SHA256:\S+, .*changed:2 has another$/,
    ),
  ]);
});

test("a revoked host key is refused, whatever else is allowed", async () => {
  const ssh = { userKnownHostsFile: known("revoked", `@revoked * ${server.hostKey}`), strictHostKeyChecking: "no" };
  expect(await failure(open.open(hostOf(server, ssh as SshOptions)))).toContain(`revoked by ${file("revoked")}:1`);
});

test("accept-new writes a key down once, after a line without its end, and ssh-keygen finds it", async () => {
  writeFileSync(file("new"), "# no newline");
  const ssh = { userKnownHostsFile: file("new"), strictHostKeyChecking: "accept-new" } as const;
  await Promise.all([open.open(hostOf(server, ssh)), open.open(hostOf(rsa, ssh))]);
  const told =
    /^root@127\.0\.0\.1:\d+: its host key was not known and is taken \(strictHostKeyChecking: accept-new\): ssh-(ed25519|rsa) SHA256:\S+$/;
  expect(notes).toEqual([expect.stringMatching(told), expect.stringMatching(told)]);
  await open.open(hostOf(server, ssh));
  expect(notes).toHaveLength(2);
  await connector({ note: () => undefined })
    .open(hostOf(server, { ...ssh, strictHostKeyChecking: "yes" }))
    .then((host) => host.close());
  for (const { port, hostKey } of [server, rsa]) {
    const found = execFileSync("ssh-keygen", ["-F", `[127.0.0.1]:${port}`, "-f", file("new")], { encoding: "utf8" });
    expect(found.split(" ").slice(-2).join(" ").trim()).toBe(hostKey);
  }
  expect(readFileSync(file("new"), "utf8").split("\n")).toHaveLength(4);
});

test("no decides like accept-new for a key that is not known, and says so; a known one is taken without a word", async () => {
  const ssh = { userKnownHostsFile: known("careless"), strictHostKeyChecking: "no" } as const;
  await open.open(hostOf(server, ssh));
  await open.open(hostOf(server));
  expect(notes).toEqual([expect.stringContaining("is taken (strictHostKeyChecking: no): ssh-ed25519 SHA256:")]);
});

test("a known_hosts file is made with its folder", async () => {
  const path = join(folder, "made", "known_hosts");
  await open.open(hostOf(server, { userKnownHostsFile: path, strictHostKeyChecking: "accept-new" }));
  expect(execFileSync("stat", ["-c", "%a", join(folder, "made"), path], { encoding: "utf8" })).toBe("700\n600\n");
});

test.each([
  [
    "no such name",
    { host: "nowhere.invalid" },
    /the name nowhere.invalid cannot be resolved \((ENOTFOUND|EAI_AGAIN)\)$/,
  ],
  ["no listener", { port: 1 }, /connection refused, no SSH server listens on port 1$/],
  ["no key", { identityFile: "/nowhere/id" }, /^INVENTORY h1: .*: identity file \/nowhere\/id does not exist$/],
  [
    "a dead proxy",
    { proxyCommand: "sh -c 'echo no way >&2; exit 7'" },
    /: the proxyCommand ended before any SSH server answered \(exit status 7\); try it by hand:\nsh -c .*\nno way$/,
  ],
  ["a dead jump host", { proxyJump: "ops@127.0.0.1:1" }, /: jump host ops@127.0.0.1:1: connection refused/],
])("%s is told", async (_name, ssh, message) => {
  expect(await failure(open.open(hostOf(server, ssh)))).toMatch(message);
});
