import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labStart, labStop } from "../../src/lab/power.ts";
import { identity, obedient, testLab, type TestLab } from "./xhost.ts";

describe("failures on hosts of both engines", () => {
  let lab: TestLab;
  let file: string;
  const before = new Map<string, string>();
  beforeAll(async () => {
    lab = await testLab("xx", 3, "bookworm,sid");
    file = await lab.inventory("inventory.yml", obedient);
    for (const host of ["h1", "h2", "h3"]) before.set(host, await lab.snapshot(host));
  });
  afterAll(() => lab.down());

  /** Every failure: one clear error, the right exit code, and the hosts as they were. */
  const untouched = async (...hosts: string[]): Promise<void> => {
    for (const host of hosts) expect(await lab.snapshot(host), host).toBe(before.get(host));
  };

  test("a wrong key in the YAML", async () => {
    const wrong = await lab.inventory("wrong.yml", (text) => text.replace("prefix:", "prefx:"));
    const { code, stderr, stdout } = await lab.xhost("deploy", wrong, "--yes");
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/wrong\.yml:\d+:5 networks\.app\.prefx: unknown key$/);
  });

  test("a pool that overlaps a Docker network of the hosts", async () => {
    const wrong = await lab.inventory("overlap.yml", (text) => text.replace("172.30.0.0/16", "172.17.0.0/16"));
    const { code, stderr } = await lab.xhost("deploy", wrong, "--yes");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /h1: network app: 172\.17\.\d+\.0\/24, its block here, overlaps the Docker network bridge \(172\.17\.0\.0\/16\)/,
    );
    await untouched("h1", "h2", "h3");
  });

  test("an overlap with a route of the host", async () => {
    await lab.on("h2", "ip route add 172.30.0.0/16 via 10.211.55.1");
    const { code, stderr } = await lab.xhost("deploy", file, "--yes");
    await lab.on("h2", "ip route del 172.30.0.0/16");
    expect(code).toBe(1);
    expect(stderr).toContain("overlaps the route 172.30.0.0/16 via 10.211.55.1 dev eth0 on this host");
    await untouched("h1", "h2", "h3");
  });

  test("an unknown host key", async () => {
    const empty = join(lab.folder, "empty");
    await writeFile(empty, "");
    const unknown = await lab.inventory("unknown.yml", (text) =>
      text.replace(/userKnownHostsFile: .*/, `userKnownHostsFile: ${empty}`),
    );
    const { code, stderr } = await lab.xhost("deploy", unknown, "--yes");
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /h1: cannot connect to root@10\.211\.55\.11:22: its host key is not known: ssh-ed25519 SHA256:/,
    );
    await untouched("h1", "h2", "h3");
  });

  test("an image that is nowhere is known before anything is changed", async () => {
    const nowhere = await lab.inventory("nowhere.yml", (text) =>
      text.replace(
        'c3: { host: h3, network: app, image: "xhost-lab:1"',
        "c3: { host: h3, network: app, image: nowhere:9",
      ),
    );
    const { code, stderr } = await lab.xhost("deploy", nowhere, "--yes");
    expect(code).toBe(1);
    expect(stderr).toContain("h3: image nowhere:9 is not on the host and cannot be pulled: ");
    await untouched("h1", "h2", "h3");
  });

  test("somebody else's network or container of the same name is a conflict and stays", async () => {
    await lab.on("h1", "docker network create --subnet 172.31.5.0/24 app; docker create --name c1 xhost-lab:1");
    const { code, stderr } = await lab.xhost("deploy", file, "--yes");
    expect(code).toBe(1);
    expect(stderr).toContain("h1: network app: there is a Docker network of that name that is not xhost's");
    expect(stderr).toContain("h1: container c1: there is a container of that name that is not xhost's");
    await lab.on("h1", "docker rm c1; docker network rm app");
  });

  test("a host without Docker: the others are done, and it is named", async () => {
    await lab.on("h3", "stop-docker");
    const { code, stderr } = await lab.xhost("deploy", file, "--yes");
    expect(code).toBe(4);
    expect(stderr).toContain("h3: Docker cannot be reached at /var/run/docker.sock: the Docker daemon is not running");
    await lab.on(
      "h3",
      "start-docker; for i in $(seq 100); do docker version >/dev/null 2>&1 && break; sleep 0.1; done",
    );
    expect(await lab.on("h1", "docker ps -q | wc -l")).toBe("1");
  });

  test("a daemon that hangs is named after the timeout", async () => {
    await lab.on("h3", "kill -STOP $(cat /run/docker.pid)");
    const { code, stderr } = await lab.xhost("plan", file, "--timeout", "3");
    await lab.on("h3", "kill -CONT $(cat /run/docker.pid)");
    expect(code).toBe(4);
    expect(stderr).toMatch(/h3: .*Docker does not answer within 3 s/);
  });

  test("a host that is down: the others are done, run again it completes", async () => {
    await labStop({ name: lab.lab.name, host: "h3" });
    const { code, stdout, stderr } = await lab.xhost("deploy", file, "--yes");
    expect(code).toBe(4);
    expect(stderr).toContain("h3: cannot connect to root@10.211.55.13:22: ");
    expect(stdout).toContain("2 of 6 checks passed, 4 could not be made");
    await labStart({ name: lab.lab.name, host: "h3" });
    const again = await lab.xhost("deploy", file, "--yes");
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain("6 of 6 checks passed");
    expect(again.stdout).not.toContain("± ");
  });

  test("a container that cannot start leaves nothing, and its predecessor comes back", async () => {
    const was = await identity(lab, "h2", "c2");
    await lab.on("h2", "setsid nc -lk 8080 </dev/null >/dev/null 2>&1 &");
    const taken = await lab.inventory("taken.yml", (text) =>
      obedient(text).replace("c2: { host: h2,", 'c2: { host: h2, ports: ["8080:80"],'),
    );
    const { code, stderr } = await lab.xhost("deploy", taken, "--yes");
    expect(code).toBe(1);
    expect(stderr).toMatch(/h2: start container c2: .*8080/);
    expect(stderr).toContain("\nthe container c2 that was there before is back and runs");
    expect(await lab.on("h2", "docker ps -a --format '{{.Names}}'")).toBe("c2");
    expect((await identity(lab, "h2", "c2")).split(" ")[0]).toBe(was.split(" ")[0]);
    await lab.on("h2", "pkill -x nc");
    expect((await lab.xhost("deploy", file, "--yes")).code).toBe(0);
  });

  test("a container that ends at once is reported with its last words", async () => {
    const dying = await lab.inventory("dying.yml", (text) =>
      obedient(text).replace(/(c2: .*command: )\[.*\]/, "$1[sh, -c, 'echo no such config; exit 7']"),
    );
    const { code, stdout } = await lab.xhost("deploy", dying, "--yes");
    expect(code).toBe(1);
    expect(stdout).toContain("c2 on h2 is not running: exited, status 7: no such config");
    expect((await lab.xhost("deploy", file, "--yes")).code).toBe(0);
  });

  test("an interrupt ends between two steps with 130, and the next run completes", async () => {
    expect((await lab.xhost("destroy", file, "--yes")).code).toBe(0);
    const run = lab.start("deploy", file, "--yes");
    run.stderr.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("Apply")) run.kill("SIGINT");
    });
    const { exitCode, stderr } = await run;
    expect(exitCode, stderr).toBe(130);
    expect(stderr).toContain("interrupted");
    const again = await lab.xhost("deploy", file, "--yes");
    expect(again.code, again.stderr).toBe(0);
    expect((await lab.xhost("deploy", file, "--yes")).stdout).toContain("Nothing to do.");
  });

  test("two at once: the second is told, nothing is mixed up", async () => {
    const changed = await lab.inventory("locked.yml", (text) =>
      obedient(text).replace("c1: { host: h1,", "c1: { host: h1, environment: { B: c },"),
    );
    const runs = await Promise.all([lab.xhost("deploy", changed, "--yes"), lab.xhost("deploy", changed, "--yes")]);
    const told = runs.filter((r) => r.stderr.includes(": held by "));
    expect(told.length, runs.map((r) => r.stderr).join("\n")).toBeGreaterThan(0);
    expect((await lab.xhost("deploy", changed, "--yes")).stdout).toContain("Nothing to do.");
  });

  test("and after all that destroy leaves the hosts as they were", async () => {
    expect((await lab.xhost("destroy", file, "--yes")).code).toBe(0);
    const settled = (text: string | undefined): string | undefined => text?.replace(/^\w{12} bridge bridge$/m, "");
    for (const host of ["h1", "h2"]) expect(settled(await lab.snapshot(host)), host).toBe(settled(before.get(host)));
  });

  test("nobody to ask is an error and changes nothing", async () => {
    const { code, stderr } = await lab.xhost("deploy", file);
    expect(code).toBe(3);
    expect(stderr).toContain("there is no terminal to ask at: pass --yes");
  });
});
