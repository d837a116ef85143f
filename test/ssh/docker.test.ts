import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { dockerCall } from "../../src/ssh/docker-call.ts";
import { dockerSocket, failure, fakes, file, hostOf, open, program, server, start } from "./servers.ts";

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

/** A socket file that nobody listens at. */
const deadSocket = (path: string): void => {
  const script = `const s = require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  try {
    execFileSync("node", ["-e", script], { stdio: "ignore" });
  } catch {
    // Killed, so that the socket stays.
  }
};
