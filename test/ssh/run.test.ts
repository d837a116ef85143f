import { expect, test, vi } from "vitest";
import { connector } from "../../src/ssh/connect.ts";
import { quote } from "../../src/ssh/quote.ts";
import { failure, file, hostOf, known, listed, open, program, server, start } from "./servers.ts";

test("a script runs with the administrator's programs on its path and in the C locale", async () => {
  const host = await open.open(hostOf(server));
  expect(host.target).toBe(`root@127.0.0.1:${server.port}`);
  expect(await host.run('echo "$LC_ALL"; case $PATH in *:/usr/sbin:*) echo sbin; esac', "look")).toBe("C\nsbin\n");
});

test("what a script writes is for root alone, whatever the login's umask: run, shell and stream", async () => {
  const before = process.umask(0);
  const script = (name: string): string => {
    const folder = quote(file(name));
    return `mkdir ${folder}; : >${folder}/f; stat -c %a ${folder} ${folder}/f`;
  };
  try {
    const host = await open.open(hostOf(server));
    expect(await host.run(script("by-run"), "write")).toBe("700\n600\n");
    const shell = await host.shell("write");
    shell.send(`${script("by-shell")}\n`);
    expect([await shell.nextLine(), await shell.nextLine()]).toEqual(["700", "600"]);
    await shell.close();
    const { bytes } = await host.stream(script("by-stream"), "write");
    expect((await wholeOf(bytes)).toString()).toBe("700\n600\n");
  } finally {
    process.umask(before);
  }
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
  const quick = connector({ timeout: 0.3, note: () => undefined });
  const host = await quick.open(hostOf(server));
  expect(await failure(host.run("sleep 4", "wait"))).toBe("REMOTE h1: wait: no end within 0.3 s (--timeout)\nsleep 4");
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
  const quick = connector({ timeout: 0.3, note: () => undefined });
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
