import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf, ENGINES, identity, obedient, pings, testLab, type TestLab } from "./xhost.ts";

const HOSTS = ["h1", "h2", "h3"] as const;
const container = (host: string): string => host.replace("h", "c");

describe.each([...ENGINES, ["both together", "bookworm,sid"] as const])("deploy on %s", (_title, engine) => {
  let lab: TestLab;
  let file: string;
  const before = new Map<string, string>();
  beforeAll(async () => {
    lab = await testLab(`xd-${engine.replace(",", "-")}`, 3, engine);
    file = await lab.inventory("inventory.yml", obedient);
    for (const host of HOSTS) before.set(host, await lab.snapshot(host));
  });
  afterAll(() => lab.down());

  test("a plan changes nothing and tells with --detailed-exitcode that there is something to do", async () => {
    const { code, stdout } = await lab.xhost("plan", file, "--detailed-exitcode");
    expect(code).toBe(2);
    expect(stdout).toContain("+ network app");
    expect(stdout).toContain("iptables-restore --noflush");
    for (const host of HOSTS) expect(await lab.snapshot(host)).toBe(before.get(host));
  });

  test("deploy makes every container reach every other one with its own address", async () => {
    const { code, stdout, stderr } = await lab.xhost("deploy", file, "--yes", "--json");
    expect(code, stderr).toBe(0);
    const { checks } = JSON.parse(stdout) as { checks: { from: string; to: string; result: string; source: string }[] };
    expect(checks).toHaveLength(6);
    for (const check of checks) {
      const own = await addressOf(lab, check.from.replace("c", "h"), check.from);
      expect(check).toMatchObject({ result: "ok", source: own });
    }
  });

  test("and by hand too, with docker exec", async () => {
    for (const from of HOSTS)
      for (const to of HOSTS)
        expect(
          await pings(lab, from, container(from), await addressOf(lab, to, container(to))),
          `${from} to ${to}`,
        ).toBe(true);
  });

  test("a second deploy has nothing to do and touches nothing", async () => {
    const was = await Promise.all(HOSTS.map((h) => identity(lab, h, container(h))));
    const state = await Promise.all(HOSTS.map((h) => lab.snapshot(h)));
    const { code, stdout } = await lab.xhost("deploy", file, "--yes");
    expect(code).toBe(0);
    expect(stdout).toContain("Nothing to do.");
    expect(await Promise.all(HOSTS.map((h) => identity(lab, h, container(h))))).toEqual(was);
    expect(await Promise.all(HOSTS.map((h) => lab.snapshot(h)))).toEqual(state);
    expect((await lab.xhost("plan", file, "--detailed-exitcode")).code).toBe(0);
  });

  test("a change of one container's environment replaces that one only", async () => {
    const was = await Promise.all(HOSTS.map((h) => identity(lab, h, container(h))));
    const changed = await lab.inventory("changed.yml", (text) =>
      obedient(text).replace("c2: { host: h2,", "c2: { host: h2, environment: { A: b },"),
    );
    const { code, stdout } = await lab.xhost("deploy", changed, "--yes");
    expect(code).toBe(0);
    expect(stdout).toContain("± container c2: environment");
    expect(stdout).toContain("0 to add, 0 to change, 1 to replace, 0 to remove");
    const is = await Promise.all(HOSTS.map((h) => identity(lab, h, container(h))));
    expect([is[0], is[2]]).toEqual([was[0], was[2]]);
    expect(is[1]).not.toBe(was[1]);
    expect(await lab.on("h2", "docker exec c2 env")).toContain("A=b");
    expect(await lab.on("h2", "docker ps -aq | wc -l")).toBe("1");
    expect((await lab.xhost("deploy", file, "--yes")).code).toBe(0);
  });

  test("what somebody broke by hand is seen by status and mended by deploy", async () => {
    await lab.on("h1", "iptables -F XHOST-" + lab.lab.name);
    await lab.on("h2", "ip route del $(ip route show proto 88 | head -n 1 | cut -d' ' -f1)");
    await lab.on("h3", "iptables -t nat -I POSTROUTING 1 -s 172.30.0.0/16 -j MASQUERADE");
    const { stdout } = await lab.xhost("status", file);
    expect(stdout.match(/differs/g)).toHaveLength(3);
    expect((await lab.xhost("deploy", file, "--yes")).code).toBe(0);
    await lab.on("h3", "iptables -t nat -D POSTROUTING -s 172.30.0.0/16 -j MASQUERADE");
    expect((await lab.xhost("status", file)).stdout.match(/in sync/g)).toHaveLength(3);
  });

  test("a host that left the inventory is forgotten by the others, first one, then all", async () => {
    const two = await lab.inventory("two.yml", (text) => obedient(text).replace(/^ {2}[hc]3:.*\n/gm, ""));
    const limited = await lab.xhost("deploy", two, "--yes", "--limit", "h1");
    expect(limited.stdout).toMatch(/h1\n[^]*- route/);
    expect(limited.stdout).not.toContain("h2\n");
    expect((await lab.on("h1", "ip route show proto 88 | wc -l")).trim()).toBe("1");
    expect((await lab.on("h2", "ip route show proto 88 | wc -l")).trim()).toBe("2");
    expect((await lab.xhost("deploy", two, "--yes")).code).toBe(0);
    expect((await lab.on("h2", "ip route show proto 88 | wc -l")).trim()).toBe("1");
    expect((await lab.xhost("deploy", file, "--yes")).stdout).toContain("+ route");
  });

  test("destroy leaves every host as it was", async () => {
    const { code } = await lab.xhost("destroy", file, "--yes");
    expect(code).toBe(0);
    for (const host of HOSTS) expect(await lab.snapshot(host), host).toBe(before.get(host));
    expect((await lab.xhost("destroy", file, "--yes")).stdout).toContain("Nothing to do.");
  });

  test("after a restart of Docker the containers still reach each other once deploy has run", async () => {
    expect((await lab.xhost("deploy", file, "--yes")).code).toBe(0);
    await lab.on(
      "h2",
      "stop-docker; start-docker; for i in $(seq 50); do docker version >/dev/null 2>&1 && break; sleep 0.1; done",
    );
    const { code, stderr } = await lab.xhost("deploy", file, "--yes");
    expect(code, stderr).toBe(0);
    expect((await lab.xhost("deploy", file, "--yes")).stdout).toContain("Nothing to do.");
  });
});
