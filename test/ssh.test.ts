import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { XhostError } from "../src/errors.ts";
import type { InventoryHost, SshOptions } from "../src/inventory/inventory.ts";
import { connector, type Connector } from "../src/ssh/connect.ts";
import { dockerCall } from "../src/ssh/docker-call.ts";
import { quote } from "../src/ssh/quote.ts";
import { sshServer, type SshServer } from "./fakes/ssh-server.ts";

const folder = mkdtempSync(join(tmpdir(), "xhost-ssh-"));
const file = (name: string): string => join(folder, name);
const fakes = file("bin");
const dockerSocket = file("docker.sock");
let server: SshServer;
let rsa: SshServer;
let open: Connector;
let identity: string;
let docker: Server;
const servers: SshServer[] = [];

const start = async (options: Partial<Parameters<typeof sshServer>[0]> = {}): Promise<SshServer> => {
  const started = await sshServer({ authorized: [identity], path: fakes, ...options });
  servers.push(started);
  return started;
};
const known = (name: string, ...lines: string[]): string => {
  writeFileSync(file(name), lines.map((line) => `${line}\n`).join(""));
  return file(name);
};
const listed = ({ port, hostKey }: SshServer): string => `[127.0.0.1]:${port} ${hostKey}`;
const hostOf = ({ port }: { port: number }, ssh: Partial<SshOptions> = {}, rest: Partial<InventoryHost> = {}) => ({
  name: "h1",
  dockerSocket,
  ...rest,
  ssh: {
    host: "127.0.0.1",
    port,
    user: "root",
    identityFile: file("id"),
    userKnownHostsFile: file("known"),
    ...ssh,
  },
});
/** What a failure says, with its code in front. */
const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no failure",
    (error: unknown) => (error instanceof XhostError ? `${error.code} ${error.message}` : `a bug: ${String(error)}`),
  );
const program = (name: string, script: string): void => {
  writeFileSync(join(fakes, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(fakes, name), 0o755);
};

beforeAll(async () => {
  vi.stubEnv("SSH_AUTH_SOCK", undefined);
  mkdirSync(fakes);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file("id")]);
  identity = readFileSync(file("id.pub"), "utf8").trim();
  server = await start();
  rsa = await start({ hostKeyType: "rsa" });
  known("known", listed(server), listed(rsa));
  docker = createServer((request, response) => {
    if (request.url === "/images/create?fromImage=x") {
      response.write('{"status":"pulling"}\n');
      setTimeout(() => response.end('{"status":"done"}\n'), 20);
    } else if (request.url === "/networks/none") {
      response.writeHead(404, { "content-type": "application/json" }).end('{"message":"network none not found"}');
    } else setTimeout(() => response.end("OK"), 1);
  });
  await new Promise<void>((resolve) => docker.listen(dockerSocket, resolve));
});
afterAll(async () => {
  await Promise.all(servers.map((each) => each.close()));
  docker.close();
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});
beforeEach(() => {
  open = connector({ timeout: 5 });
});
afterEach(async () => {
  await open.close();
});

test("a script runs with the administrator's programs on its path and in the C locale", async () => {
  const host = await open.open(hostOf(server));
  expect(host.target).toBe(`root@127.0.0.1:${server.port}`);
  expect(await host.run('echo "$LC_ALL"; case $PATH in *:/usr/sbin:*) echo sbin; esac', "look")).toBe("C\nsbin\n");
});

test("nothing in a script is eaten, neither by quotes nor by a command that reads its input", async () => {
  const host = await open.open(hostOf(server));
  const odd = `a 'b' "c" $d \`e\` \\ !f ü\nnext`;
  expect(await host.run(`cat\nprintf %s ${quote(odd)}`, "print")).toBe(odd);
});

test("what a login shell prints is not the script's output", async () => {
  const host = await open.open(hostOf(server, { user: "ops" }));
  program("sudo", 'echo welcome; shift; exec "$@"');
  expect(await host.run("echo out", "look")).toBe("out\n");
});

test("a failing script is told with its status, itself and its stderr", async () => {
  const host = await open.open(hostOf(server));
  expect(await failure(host.run("echo sorry >&2\nexit 3", "add a route"))).toBe(
    "REMOTE h1: add a route: exit status 3\necho sorry >&2\nexit 3\nsorry",
  );
  const long = Array.from({ length: 40 }, (_, i) => `: ${i}`).join("\n");
  expect(await failure(host.run(`${long}\nkill -9 $$`, "die"))).toBe(
    "REMOTE h1: die: killed by SIGKILL\n: 0\n: 1\n: 2\n: 3\n: 4\n... 32 lines ...\n: 37\n: 38\n: 39\nkill -9 $$",
  );
});

/** All that a stream gives, in one piece. */
const wholeOf = async (bytes: AsyncIterable<Buffer>): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces);
};

test("a stream gives bytes as they are, behind what a login shell prints, and how it ended", async () => {
  const host = await open.open(hostOf(server, { user: "ops" }));
  program("sudo", 'echo welcome; shift; exec "$@"');
  const stream = await host.stream("head -c 300000 /dev/zero | tr '\\0' '\\377'; echo sorry >&2; exit 3", "capture");
  const whole = await wholeOf(stream.bytes);
  expect([whole.length, whole.every((byte) => byte === 255)]).toEqual([300_000, true]);
  expect(await stream.ended).toMatchObject({ status: 3, stderr: "sorry\n" });
});

test("a stream ends its program when it is told to, and reads what that still writes", async () => {
  const host = await open.open(hostOf(server));
  const program = `trap "echo last; exit 0" TERM; echo "$$"; while :; do sleep 0.05; done`;
  const stream = await host.stream(`exec sh -c ${quote(program)}`, "capture");
  let text = "";
  for await (const piece of stream.bytes) {
    text += piece.toString();
    stream.end();
  }
  expect(text).toMatch(/^\d+\nlast\n$/);
  expect((await stream.ended).status).toBe(0);
});

test("a stream's program ends with the connection, which is told", async () => {
  const own = await start();
  known("known-cut", listed(own));
  const host = await open.open(hostOf(own, { userKnownHostsFile: file("known-cut") }));
  const stream = await host.stream(`echo $$; exec sleep 300`, "capture");
  let pid = 0;
  const reading = async (): Promise<void> => {
    for await (const piece of stream.bytes) {
      pid = Number(piece.toString());
      own.drop();
    }
  };
  expect(await failure(reading())).toMatch(/^UNREACHABLE h1: capture: the connection is lost/);
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), { timeout: 3000 });
});

test("a stream that cannot be started says why", async () => {
  const host = await open.open(hostOf(server, { user: "ops" }));
  program("sudo", "echo 'sudo: a password is required' >&2; exit 1");
  const { bytes } = await host.stream("exec true", "capture");
  expect(await failure(wholeOf(bytes))).toContain("REMOTE h1: sudo asks for a password");
});

test("a script that does not end is given up after the timeout", async () => {
  const quick = connector({ timeout: 0.3 });
  const host = await quick.open(hostOf(server));
  expect(await failure(host.run("sleep 4", "wait"))).toBe("REMOTE h1: wait: no end within 0.3 s\nsleep 4");
  await quick.close();
});

test.each([
  ["ops", undefined, 'env LC_ALL=C sudo -n sh -s "$SSH_CONNECTION"'],
  ["ops", "none", 'sh -s "$SSH_CONNECTION"'],
  ["root", undefined, 'sh -s "$SSH_CONNECTION"'],
  ["root", "sudo", 'env LC_ALL=C sudo -n sh -s "$SSH_CONNECTION"'],
] as const)("user %s with become %s runs %s", async (user, become, command) => {
  program("sudo", 'shift; exec "$@"');
  const host = await open.open(hostOf(server, { user }, { become }));
  expect(await host.run("echo hi", "greet")).toBe("hi\n");
  expect(server.commands.at(-1)).toBe(command);
});

test.each([
  [
    "echo 'sudo: a password is required' >&2; exit 1",
    /^REMOTE h1: sudo asks for a password, or allows other commands only: greet.*\necho 'ops ALL=/,
  ],
  ["echo 'sudo: ops is not allowed' >&2; exit 1", /^REMOTE h1: sudo refuses: greet.*exit status 1\nsudo: ops is not/],
  ["exit 127", /^REMOTE h1: there is no sudo: greet needs root/],
])("sudo that does %j is explained", async (script, message) => {
  program("sudo", script);
  const host = await open.open(hostOf(server, { user: "ops" }));
  expect(await failure(host.run("echo hi", "greet"))).toMatch(message);
  expect(await failure(host.shell("greet"))).toMatch(message);
});

test("thirty scripts at once take no more than four sessions", async () => {
  const own = await start();
  const host = await open.open(hostOf(own, { strictHostKeyChecking: "no", userKnownHostsFile: "/dev/null" }));
  const said = await Promise.all(Array.from({ length: 30 }, (_, i) => host.run(`echo ${i}`, "count")));
  expect(said.map(Number)).toEqual(Array.from({ length: 30 }, (_, i) => i));
  expect(own.seen).toMatchObject({ connections: 1, mostSessions: 4 });
});

test("a shell answers line by line and keeps its state, so that it can be a barrier", async () => {
  const host = await open.open(hostOf(server));
  const shell = await host.shell("barrier");
  shell.send("x=1; echo ready\n");
  expect(await shell.nextLine()).toBe("ready");
  shell.send("echo got $x; echo oops >&2; printf rest\n");
  expect(await shell.nextLine()).toBe("got 1");
  expect(await shell.close()).toBe("oops\n");
  expect([await shell.nextLine(), await shell.nextLine()]).toEqual(["rest", undefined]);
});

test("a shell that says nothing is an error after the timeout", async () => {
  const quick = connector({ timeout: 0.3 });
  const shell = await (await quick.open(hostOf(server))).shell("barrier");
  expect(await failure(shell.nextLine())).toBe("REMOTE h1: barrier: no answer within 0.3 s");
  await quick.close();
});

test("a lost connection is told, to what runs and to what comes later", async () => {
  const own = await start();
  const host = await open.open(hostOf(own, { strictHostKeyChecking: "no", userKnownHostsFile: "/dev/null" }));
  const running = failure(host.run("sleep 4", "wait"));
  const shell = await host.shell("barrier");
  own.drop();
  expect(await running).toMatch(/^UNREACHABLE h1: wait: the connection is lost: /);
  expect(await failure(shell.nextLine())).toMatch(/^UNREACHABLE h1: barrier: the connection is lost: /);
  expect(await failure(host.run("echo", "later"))).toMatch(/^UNREACHABLE h1: later: no session: /);
  expect(await failure(host.docker.ping())).toMatch(/^UNREACHABLE h1: docker: the connection is lost: /);
});

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
  const fresh = connector({ timeout: 5 });
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
});

test("a revoked host key is refused, whatever else is allowed", async () => {
  const ssh = { userKnownHostsFile: known("revoked", `@revoked * ${server.hostKey}`), strictHostKeyChecking: "no" };
  expect(await failure(open.open(hostOf(server, ssh as SshOptions)))).toContain(`revoked by ${file("revoked")}:1`);
});

test("accept-new writes a key down once, after a line without its end, and ssh-keygen finds it", async () => {
  writeFileSync(file("new"), "# no newline");
  const ssh = { userKnownHostsFile: file("new"), strictHostKeyChecking: "accept-new" } as const;
  await Promise.all([open.open(hostOf(server, ssh)), open.open(hostOf(rsa, ssh))]);
  await open.open(hostOf(server, ssh));
  await connector({})
    .open(hostOf(server, { ...ssh, strictHostKeyChecking: "yes" }))
    .then((host) => host.close());
  for (const { port, hostKey } of [server, rsa]) {
    const found = execFileSync("ssh-keygen", ["-F", `[127.0.0.1]:${port}`, "-f", file("new")], { encoding: "utf8" });
    expect(found.split(" ").slice(-2).join(" ").trim()).toBe(hostKey);
  }
  expect(readFileSync(file("new"), "utf8").split("\n")).toHaveLength(4);
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

test("a server that never answers is given up after the timeout", async () => {
  const silent = createTcpServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const quick = connector({ timeout: 0.3 });
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
  const fresh = connector({ timeout: 5 });
  const hosts = await Promise.all(Array.from({ length: 20 }, () => fresh.open(hostOf(behind, ssh))));
  expect(await hosts[19]!.run("echo through", "pass")).toBe("through\n");
  expect(jump.seen.connections - 1).toBe(1);
  expect(behind.seen).toMatchObject({ connections: 20, mostUnauthenticated: 8 });
  jump.drop();
  await expect.poll(() => failure(hosts[0]!.run("echo", "pass"))).toMatch(/^UNREACHABLE h1: pass/);
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
  expect(own.seen).toMatchObject({ connections: 100, mostUnauthenticated: 8 });
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
  await expect.poll(() => isRunning(pid)).toBe(false);
});

test("Docker is reached over the same connection, streams included", async () => {
  vi.stubEnv("DOCKER_HOST", "not a host");
  const own = await start();
  const host = await open.open(hostOf(own, { strictHostKeyChecking: "no", userKnownHostsFile: "/dev/null" }));
  const pings = await Promise.all(Array.from({ length: 50 }, () => host.docker.ping()));
  expect(pings.map(String)).toEqual(pings.map(() => "OK"));
  const statuses: string[] = [];
  const stream = await host.docker.createImage({ fromImage: "x" });
  await new Promise((resolve) =>
    host.docker.modem.followProgress(stream, resolve, ({ status }: { status: string }) => statuses.push(status)),
  );
  expect(statuses).toEqual(["pulling", "done"]);
  expect(await failure(dockerCall(host, "look", host.docker.getNetwork("none").inspect()))).toBe(
    "REMOTE h1: look: network none not found",
  );
  expect(await host.run("echo also", "run")).toBe("also\n");
  expect(own.seen).toMatchObject({ connections: 1, mostSessions: 1 });
  vi.stubEnv("DOCKER_HOST", undefined);
});

const dialStdio = `
[ "$*" = "-H unix://${dockerSocket} system dial-stdio" ] || exit 9
exec node -e 'const s = require("net").connect("${dockerSocket}"); process.stdin.pipe(s).pipe(process.stdout)'`;

test("where forwarding is forbidden Docker is reached through dial-stdio, as root and at most four times", async () => {
  program("docker", dialStdio);
  program("sudo", 'shift; exec "$@"');
  const own = await start({ streamLocal: false });
  const ssh = { user: "ops", strictHostKeyChecking: "no", userKnownHostsFile: "/dev/null" } as const;
  const host = await open.open(hostOf(own, ssh));
  await Promise.all(Array.from({ length: 30 }, () => host.docker.ping()));
  expect(own.commands.every((command) => command.startsWith("env LC_ALL=C sudo -n sh -c "))).toBe(true);
  expect(own.seen.mostSessions).toBeLessThanOrEqual(4);
  expect(own.seen.mostSessions).toBeGreaterThan(1);
});

test.each([
  ["neither program nor socket", "/nowhere.sock", false, "Docker is not installed, there is neither the socket nor"],
  ["no socket", "/nowhere.sock", true, "the Docker daemon is not running, there is no such socket\nCannot connect"],
  ["a dead socket", "dead", true, "the Docker daemon is not running, nobody answers at the socket\nCannot connect"],
  ["a file", "id", true, "it is not a socket\nCannot connect"],
])("%s is told", async (_name, socket, hasProgram, why) => {
  rmSync(join(fakes, "docker"), { force: true });
  if (hasProgram) program("docker", "echo Cannot connect >&2; exit 1");
  if (socket === "dead") deadSocket(file("dead"));
  const path = socket.startsWith("/") ? socket : file(socket);
  // The machine of the tests may have Docker itself.
  if (!hasProgram)
    program("sudo", `shift; PATH=${fakes}:/nowhere; export PATH; exec /usr/bin/env -i PATH=$PATH /bin/"$@"`);
  else program("sudo", 'shift; exec "$@"');
  const host = await open.open(hostOf(server, { user: "ops" }, { dockerSocket: path }));
  const message = await failure(host.docker.ping());
  expect(message).toContain(`UNREACHABLE h1: Docker cannot be reached at ${path}: ${why}`);
});

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A socket file that nobody listens at. */
const deadSocket = (path: string): void => {
  const script = `const s = require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  try {
    execFileSync("node", ["-e", script], { stdio: "ignore" });
  } catch {
    // Killed, so that the socket stays.
  }
};
