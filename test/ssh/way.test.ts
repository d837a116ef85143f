import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { expect, test, vi } from "vitest";
import { connector } from "../../src/ssh/connect.ts";
import { failure, file, hostOf, known, listed, open, server, start } from "./servers.ts";

test("a server that never answers is given up after the timeout", async () => {
  const silent = createTcpServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const quick = connector({ timeout: 0.3, note: () => undefined });
  const { port } = silent.address() as AddressInfo;
  expect(await failure(quick.open(hostOf({ port })))).toMatch(/^UNREACHABLE h1: .*: no answer within 0.3 s$/);
  await quick.close();
  silent.close();
});

test("a server that hangs up without a word is told, and what to do", async () => {
  const deaf = createTcpServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await new Promise((resolve) => deaf.once("listening", resolve));
  const { port } = deaf.address() as AddressInfo;
  expect(await failure(open.open(hostOf({ port })))).toMatch(
    new RegExp(`: the other side hung up without a word: .*\nssh -v -p ${port} root@127.0.0.1 true$`),
  );
  deaf.close();
});

test("a login that is refused names the user and what was tried", async () => {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", file("locked")]);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file("other")]);
  expect(await failure(open.open(hostOf(server, { identityFile: file("other") })))).toMatch(
    new RegExp(`: user root is not let in: tried ${file("other")}$`),
  );
  expect(await failure(open.open(hostOf(server, { identityFile: file("locked") })))).toMatch(
    new RegExp(`: tried ${file("locked")} \\(not tried: is encrypted, load it with ssh-add\\)$`),
  );
});

test("an encrypted key is used through the agent that holds it", async () => {
  const socket = file("agent.sock");
  const pid = /pid (\d+)/.exec(execFileSync("ssh-agent", ["-a", socket], { encoding: "utf8" }))?.[1];
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file("held")]);
  execFileSync("ssh-add", ["-q", file("other"), file("held")], { env });
  execFileSync("ssh-keygen", ["-q", "-p", "-N", "secret", "-f", file("held")]);
  const own = await start({ authorized: [readFileSync(file("held.pub"), "utf8").split(" ").slice(0, 2).join(" ")] });
  const ssh = { identityFile: file("held"), strictHostKeyChecking: "no", userKnownHostsFile: "/dev/null" } as const;
  vi.stubEnv("SSH_AUTH_SOCK", socket);
  const host = await open.open(hostOf(own, ssh));
  vi.stubEnv("SSH_AUTH_SOCK", undefined);
  expect(await host.run("echo in", "greet")).toBe("in\n");
  expect(own.offered).toEqual([readFileSync(file("held.pub"), "utf8").split(" ")[1]]);
  process.kill(Number(pid));
});

test("a jump host is one connection for all who need it, and its key is checked", async () => {
  const jump = await start();
  const behind = await start({ loginDelay: 5 });
  const ssh = { proxyJump: `ops@127.0.0.1:${jump.port}`, userKnownHostsFile: known("jump", listed(behind)) };
  const refused = await failure(open.open(hostOf(behind, ssh)));
  expect(refused).toMatch(/^UNREACHABLE h1: .*: jump host ops@127.0.0.1:\d+: its host key is not known/);
  known("jump", listed(behind), listed(jump));
  const fresh = connector({ timeout: 30, note: () => undefined });
  const hosts = await Promise.all(Array.from({ length: 20 }, () => fresh.open(hostOf(behind, ssh))));
  expect(await hosts[19]!.run("echo through", "pass")).toBe("through\n");
  expect(jump.seen.connections - 1).toBe(1);
  expect(behind.seen).toMatchObject({ connections: 20, mostUnauthenticated: 8 });
  jump.drop();
  await expect.poll(() => failure(hosts[0]!.run("echo", "pass")), { timeout: 20_000 }).toMatch(/^UNREACHABLE h1: pass/);
  await fresh.close();
});

test("a chain of jump hosts is taken in order", async () => {
  const [first, second] = [await start(), await start()];
  const ssh = {
    proxyJump: `127.0.0.1:${first.port},127.0.0.1:${second.port}`,
    userKnownHostsFile: known("chain", listed(first), listed(second), listed(server)),
  };
  expect(await (await open.open(hostOf(server, ssh))).run("echo far", "pass")).toBe("far\n");
  expect([first.seen.connections, second.seen.connections]).toEqual([1, 1]);
});

test("a hundred hosts at one address never make more than eight logins at once", async () => {
  const own = await start({ loginDelay: 2 });
  const ssh = { strictHostKeyChecking: "accept-new", userKnownHostsFile: file("hundred") } as const;
  await Promise.all(Array.from({ length: 100 }, (_, i) => open.open(hostOf(own, ssh, { name: `h${i}` }))));
  expect(own.seen.connections).toBe(100);
  expect(own.seen.mostUnauthenticated).toBeGreaterThan(1);
  expect(own.seen.mostUnauthenticated).toBeLessThanOrEqual(8);
  expect(readFileSync(file("hundred"), "utf8").trim().split("\n")).toHaveLength(1);
});

test("a proxyCommand is the way to the host, and ends with it", async () => {
  const proxy = `node -e 'const s = require("net").connect(%p, "%h"); process.stdin.pipe(s).pipe(process.stdout)'`;
  const host = await open.open(
    hostOf(server, { proxyCommand: `sh -c 'echo $$ >${file("pid")}; exec "$0" "$@"' ${proxy}` }),
  );
  expect(await host.run("echo through", "pass")).toBe("through\n");
  const pid = Number(readFileSync(file("pid"), "utf8"));
  process.kill(pid, 0);
  await host.close();
  await expect.poll(() => isRunning(pid), { timeout: 20_000 }).toBe(false);
});

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
