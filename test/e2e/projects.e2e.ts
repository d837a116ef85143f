import { afterAll, beforeAll, expect, test } from "vitest";
import { addressOf, obedient, pings, testLab, type TestLab } from "./xhost.ts";

/** Two inventories on the same two hosts, one of each engine; neither may touch the other. */
let lab: TestLab;
let one: string;
let two: string;
const before = new Map<string, string>();

beforeAll(async () => {
  lab = await testLab("xp", 2, "bookworm,sid");
  // As on a host whose Docker was told not to turn forwarding on: the value before has to come back in the end.
  for (const host of ["h1", "h2"]) {
    await lab.on(host, "echo 0 > /proc/sys/net/ipv4/ip_forward");
    before.set(host, await lab.snapshot(host));
  }
  one = await lab.inventory("one.yml", (text) => obedient(text).replace(/^name: .*/m, "name: one"));
  two = await lab.inventory("two.yml", (text) =>
    obedient(text)
      .replace(/^name: .*/m, "name: two")
      .replace("  app:", "  web:")
      .replaceAll("network: app", "network: web")
      .replaceAll(/ c(\d):/g, " d$1:")
      .replace("172.30.0.0/16", "172.31.0.0/16"),
  );
});
afterAll(() => lab.down());

test("both are deployed, each leaves the other's things alone", async () => {
  for (const file of [one, two]) {
    const { code, stderr } = await lab.xhost("deploy", file, "--yes");
    expect(code, stderr).toBe(0);
  }
  for (const file of [one, two]) expect((await lab.xhost("plan", file)).stdout).toMatch(/^Nothing to do\.$/m);
  expect(await pings(lab, "h1", "c1", await addressOf(lab, "h2", "c2"))).toBe(true);
  expect(await pings(lab, "h1", "d1", await addressOf(lab, "h2", "d2"))).toBe(true);
});

test("networks of different projects stay apart", async () => {
  expect(await pings(lab, "h1", "c1", await addressOf(lab, "h2", "d2"))).toBe(false);
});

test("when one goes the other goes on, forwarding included", async () => {
  expect((await lab.xhost("destroy", one, "--yes")).code).toBe(0);
  expect((await lab.xhost("plan", two)).stdout).toMatch(/^Nothing to do\.$/m);
  expect(await pings(lab, "h1", "d1", await addressOf(lab, "h2", "d2"))).toBe(true);
  expect(await lab.on("h1", "cat /proc/sys/net/ipv4/ip_forward")).toBe("1");
});

test("when the last one goes everything is as before the first one came", async () => {
  expect((await lab.xhost("destroy", two, "--yes")).code).toBe(0);
  for (const host of ["h1", "h2"]) expect(await lab.snapshot(host), host).toBe(before.get(host));
});

test("named volumes are made, shared, kept by destroy, and removed on request", async () => {
  const data = await lab.inventory("data.yml", (text) =>
    obedient(text).replace(
      /^( *)c1: \{ host: h1,(.*)$/m,
      "$1c1: { host: h1, volumes: [keep:/data, /anonymous],$2\n$1d1: { host: h1, volumes: [keep:/data],$2",
    ),
  );
  expect((await lab.xhost("deploy", data, "--yes")).code).toBe(0);
  await lab.on("h1", "docker exec c1 sh -c 'echo precious > /data/x'");
  expect(await lab.on("h1", "docker exec d1 cat /data/x")).toBe("precious");
  expect((await lab.xhost("destroy", data, "--yes")).stdout).toContain("h1: volume keep is kept, it holds data");
  expect(await lab.on("h1", "docker volume ls -q")).toBe("keep");
  expect((await lab.xhost("deploy", data, "--yes")).code).toBe(0);
  expect(await lab.on("h1", "docker exec c1 cat /data/x")).toBe("precious");
  expect((await lab.xhost("destroy", data, "--yes", "--volumes")).code).toBe(0);
  expect(await lab.on("h1", "docker volume ls -q")).toBe("");
});
