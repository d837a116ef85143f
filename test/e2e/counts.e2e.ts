// What must not grow: connections per host, commands over SSH per host and command line, calls of Docker's API per object that does not change.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLI, obedient, testLab, type TestLab } from "./xhost.ts";

const HOOK = join(import.meta.dirname, "count.mjs");
const HOSTS = 2;
const MORE = 3;
/** `GET` of the engine, its networks, containers, volumes and images. */
const LOOK = 5;

let lab: TestLab;
let file: string;
let changed: string;

beforeAll(async () => {
  lab = await testLab("xcount", HOSTS, "bookworm");
  const own = (host: number): string =>
    Array.from(
      { length: MORE },
      (_, i) => `  x${host}${i}: { host: h${host}, network: app, image: "xhost-lab:1", command: [sleep, infinity] }\n`,
    ).join("");
  const more = (text: string): string => obedient(`${text.trimEnd()}\n${own(1)}${own(2)}`);
  file = await lab.inventory("counts.yml", more);
  changed = await lab.inventory("changed.yml", (text) =>
    more(text).replace("c1: { host: h1,", "c1: { host: h1, environment: { A: b },"),
  );
});
afterAll(() => lab.down());

type Counts = { readonly connections: number; readonly execs: number; readonly docker: readonly string[] };

const countsOf = async (...args: readonly string[]): Promise<Counts> => {
  const counted = join(lab.folder, "counts.json");
  const { exitCode, stderr } = await execa(process.execPath, ["--import", HOOK, CLI, ...args], {
    reject: false,
    stdin: "ignore",
    cwd: lab.folder,
    env: { XHOST_COUNTS: counted },
  });
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(await readFile(counted, "utf8")) as Counts;
};

const CONTAINERS = HOSTS * (1 + MORE);

test("a plan: one connection, one look and one measuring per host", async () => {
  const { connections, execs, docker } = await countsOf("plan", file);
  expect({ connections, execs, docker: docker.length }).toEqual({
    connections: HOSTS,
    execs: 2 * HOSTS,
    docker: LOOK * HOSTS,
  });
});

test("a fresh deploy: lock, look, measure, change, confirm over a second connection, boot script, check", async () => {
  const { connections, execs, docker } = await countsOf("deploy", file, "--yes");
  expect({ connections, execs }).toEqual({ connections: 2 * HOSTS, execs: 7 * HOSTS });
  const calls = Object.groupBy(docker, (call) => call.replace(/containers\/[^/]+\//, "containers/NAME/"));
  const made = Object.fromEntries(Object.entries(calls).map(([call, all]) => [call, all?.length]));
  expect(made).toMatchObject({
    "POST /networks/create": HOSTS,
    "POST /containers/create": CONTAINERS,
    "POST /containers/NAME/start": CONTAINERS,
    "GET /containers/NAME/json": CONTAINERS,
  });
  expect(docker).toHaveLength(LOOK * HOSTS + HOSTS + 3 * CONTAINERS);
});

test("a deploy that changes nothing: lock, look, check; of each container that is checked its process, nothing else", async () => {
  const { connections, execs, docker } = await countsOf("deploy", file, "--yes");
  expect({ connections, execs }).toEqual({ connections: HOSTS, execs: 3 * HOSTS });
  expect(docker).toHaveLength(LOOK * HOSTS + CONTAINERS);
});

test("status: one look, and no call for any object", async () => {
  const { connections, execs, docker } = await countsOf("status", file);
  expect({ connections, execs, docker: docker.length }).toEqual({
    connections: HOSTS,
    execs: HOSTS,
    docker: LOOK * HOSTS,
  });
});

test("one container that changes: calls for that one alone, and no second connection", async () => {
  const { connections, execs, docker } = await countsOf("deploy", changed, "--yes");
  expect({ connections, execs }).toEqual({ connections: HOSTS, execs: 3 * HOSTS });
  const writes = docker.filter((call) => !call.startsWith("GET "));
  expect(writes.length).toBeLessThanOrEqual(6);
  expect(writes.filter((call) => !/c1\b|create/.test(call))).toEqual([]);
});

test("destroy: lock, look, change, confirm, boot script; one call for each object", async () => {
  const { connections, execs, docker } = await countsOf("destroy", file, "--yes");
  expect({ connections, execs }).toEqual({ connections: 2 * HOSTS, execs: 5 * HOSTS });
  expect(docker).toHaveLength(LOOK * HOSTS + CONTAINERS + HOSTS);
});
