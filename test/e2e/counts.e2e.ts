// What must not grow: connections per host, commands over SSH per host and kind, channels to Docker, calls of Docker's API per object that does not change.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COUNT_HOOK, kindOf, type Counts } from "./counts.ts";
import { CLI, obedient, testLab, type TestLab } from "./xhost.ts";

/** One more than two: what is done for each other host shows beside what is done once. */
const HOSTS = 3;
const MORE = 2;
/** Calls of Docker's at a time on one host: the look's side by side. */
const CHANNELS = 5;

let lab: TestLab;
let file: string;
let changed: string;

beforeAll(async () => {
  lab = await testLab("xcount", HOSTS, "bookworm");
  const own = (host: number): string =>
    Array.from(
      { length: MORE },
      (_, i) =>
        `  x${host}${i}: { host: h${host}, network: side, image: "xhost-lab:1", command: [sleep, infinity], volumes: ["v${host}${i}:/data"] }\n`,
    ).join("");
  const more = (text: string): string =>
    obedient(
      `${text.trimEnd()}\n${Array.from({ length: HOSTS }, (_, i) => own(i + 1)).join("")}`.replace(
        /^networks:\n/m,
        "networks:\n  side: { pool: 172.29.0.0/20, plane: route }\n",
      ),
    );
  file = await lab.inventory("counts.yml", more);
  changed = await lab.inventory("changed.yml", (text) =>
    more(text).replace("c1: { host: h1,", "c1: { host: h1, environment: { A: b },"),
  );
});
afterAll(() => lab.down());

const CONTAINERS = HOSTS * (1 + MORE);
const VOLUMES = HOSTS * MORE;
const NETWORKS = HOSTS * 2;

/** Of one run: kinds of commands of each connection, and calls of Docker's with one name for all containers. */
const countsOf = async (...args: readonly string[]) => {
  const counted = join(lab.folder, "counts.json");
  const { exitCode, stderr } = await execa(process.execPath, ["--import", COUNT_HOOK, CLI, ...args], {
    reject: false,
    stdin: "ignore",
    cwd: lab.folder,
    env: { XHOST_COUNTS: counted },
  });
  expect(exitCode, stderr).toBe(0);
  const { connections, docker, programs } = JSON.parse(await readFile(counted, "utf8")) as Counts;
  for (const { channels } of connections) expect(channels).toBeLessThanOrEqual(CHANNELS);
  // The lab's way to each of its hosts, and shells that ask `ssh -G`: no connection by another program.
  const others = programs.filter((program) => program !== "sh" && !program.includes("nsenter --net="));
  expect(others).toEqual([]);
  expect(programs.filter((program) => program !== "sh")).toHaveLength(connections.length);
  const named = docker.map(({ call }) =>
    call.replace(/(containers|volumes|networks)\/(?!create|json)[^/]+/, "$1/NAME"),
  );
  const calls = Object.fromEntries([...Map.groupBy(named, (call) => call)].map(([call, all]) => [call, all.length]));
  return { connections: connections.map(({ commands }) => commands.map(kindOf)), calls, docker };
};

/** So many connections with these commands each. */
const times = (count: number, ...commands: readonly string[]) => Array.from({ length: count }, () => commands);

const LOOKS = {
  "GET /info": HOSTS,
  "GET /networks": HOSTS,
  "GET /containers/json": HOSTS,
  "GET /volumes": HOSTS,
  "GET /images/json": HOSTS,
};

test("a plan: one connection, one look and one measuring per host", async () => {
  const { connections, calls } = await countsOf("plan", file);
  expect(connections).toEqual(times(HOSTS, "look", "measure"));
  expect(calls).toEqual(LOOKS);
});

test("a fresh deploy: lock, look, measure, change, confirm over a second connection, boot script, check", async () => {
  const { connections, calls } = await countsOf("deploy", file, "--yes");
  expect(connections).toEqual([
    ...times(HOSTS, "lock", "look", "measure", "change", "boot", "check"),
    ...times(HOSTS, "confirm"),
  ]);
  expect(calls).toEqual({
    ...LOOKS,
    "POST /networks/create": NETWORKS,
    "POST /volumes/create": VOLUMES,
    "POST /containers/create": CONTAINERS,
    "POST /containers/NAME/start": CONTAINERS,
    "GET /containers/NAME/json": CONTAINERS,
  });
});

test("a deploy that changes nothing: lock, look, check; of each container that is checked its process, nothing else", async () => {
  const { connections, calls } = await countsOf("deploy", file, "--yes");
  expect(connections).toEqual(times(HOSTS, "lock", "look", "check"));
  expect(calls).toEqual({ ...LOOKS, "GET /containers/NAME/json": CONTAINERS });
});

test("status: one look, and no call for any object", async () => {
  const { connections, calls } = await countsOf("status", file);
  expect(connections).toEqual(times(HOSTS, "look"));
  expect(calls).toEqual(LOOKS);
});

test("one container that changes: calls for that one alone, and no second connection", async () => {
  const { connections, calls, docker } = await countsOf("deploy", changed, "--yes");
  expect(connections).toEqual(times(HOSTS, "lock", "look", "check"));
  const writes = docker.map(({ call }) => call).filter((call) => !call.startsWith("GET "));
  expect(writes.length).toBeLessThanOrEqual(6);
  expect(writes.filter((call) => !/c1\b|create/.test(call))).toEqual([]);
  const reads = Object.entries(calls).filter(([call]) => call.startsWith("GET "));
  expect(Object.fromEntries(reads)).toEqual({ ...LOOKS, "GET /containers/NAME/json": CONTAINERS });
});

test("destroy: lock, look, change, confirm, boot script; one call for each object", async () => {
  const { connections, calls } = await countsOf("destroy", file, "--volumes", "--yes");
  expect(connections).toEqual([...times(HOSTS, "lock", "look", "change", "boot"), ...times(HOSTS, "confirm")]);
  expect(calls).toEqual({
    ...LOOKS,
    "DELETE /containers/NAME": CONTAINERS,
    "DELETE /volumes/NAME": VOLUMES,
    "DELETE /networks/NAME": NETWORKS,
  });
});
