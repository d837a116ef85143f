import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf, ENGINES, obedient, pings, testLab, type TestLab } from "./xhost.ts";

describe.each(ENGINES)("networks that come, change and go on %s", (_title, engine) => {
  let lab: TestLab;
  const before = new Map<string, string>();
  const second = "  extra: { pool: 172.28.0.0/16, plane: route }\n";
  const more = (text: string): string =>
    obedient(text)
      .replace("containers:\n", `${second}containers:\n`)
      .replace(
        /$/,
        '  e1: { hosts: all, network: extra, image: "xhost-lab:1", command: [sh, -c, "trap exit TERM; sleep infinity & wait"] }\n',
      );
  beforeAll(async () => {
    lab = await testLab(`xn-${engine}`, 2, engine);
    for (const host of ["h1", "h2"]) before.set(host, await lab.snapshot(host));
  });
  afterAll(() => lab.down());

  const deployed = async (file: string, checks: number): Promise<void> => {
    const { code, stdout, stderr } = await lab.xhost("deploy", file, "--yes");
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toContain(`${checks} of ${checks} checks passed`);
    expect((await lab.xhost("plan", file)).stdout).toMatch(/^Nothing to do\.$/m);
  };

  test("a second network beside a first one that runs: one deploy is enough", async () => {
    await deployed(await lab.inventory("one.yml", obedient), 2);
    await deployed(await lab.inventory("two.yml", more), 4);
    expect(await pings(lab, "h1", "c1", await addressOf(lab, "h2", "e1"))).toBe(false);
  });

  test("another pool: networks and containers are made anew, and anonymous volumes come along", async () => {
    const volumes = (text: string): string =>
      more(text).replace("c1: { host: h1,", "c1: { host: h1, volumes: [/data],");
    await deployed(await lab.inventory("volume.yml", volumes), 4);
    await lab.on("h1", "docker exec c1 sh -c 'echo precious > /data/x'");
    const other = await lab.inventory("pool.yml", (text) => volumes(text).replace("172.30.0.0/16", "172.29.0.0/16"));
    await deployed(other, 4);
    expect(await addressOf(lab, "h1", "c1")).toMatch(/^172\.29\./);
    expect(await lab.on("h1", "docker exec c1 cat /data/x")).toBe("precious");
    const replaced = await lab.inventory("env.yml", (text) =>
      volumes(text)
        .replace("172.30.0.0/16", "172.29.0.0/16")
        .replace("c1: { host: h1,", "c1: { host: h1, environment: { A: b },"),
    );
    await deployed(replaced, 4);
    expect(await lab.on("h1", "docker exec c1 cat /data/x")).toBe("precious");
  });

  test("a network under another name takes its containers along", async () => {
    const renamed = await lab.inventory("renamed.yml", (text) =>
      obedient(text).replace("  app:", "  web:").replaceAll("network: app", "network: web"),
    );
    await deployed(renamed, 2);
  });

  test("a jump that stands twice is seen and mended", async () => {
    const renamed = await lab.inventory("renamed.yml", (text) =>
      obedient(text).replace("  app:", "  web:").replaceAll("network: app", "network: web"),
    );
    const jump = `-m comment --comment xhost:${lab.lab.name} -j XHOST-${lab.lab.name}`;
    await lab.on("h1", `iptables -I DOCKER-USER ${jump}`);
    expect((await lab.xhost("status", renamed)).stdout).toContain("differs");
    await deployed(renamed, 2);
    expect((await lab.on("h1", "iptables-save | grep -c -- '-A DOCKER-USER .*XHOST'")).trim()).toBe("1");
  });

  test("what the environment brings in is not printed", async () => {
    const secret = await lab.inventory("secret.yml", (text) =>
      obedient(text).replace("c1: { host: h1,", 'c1: { host: h1, environment: { PW: "${XHOST_TEST_PW}" },'),
    );
    process.env["XHOST_TEST_PW"] = "s3cret-value";
    for (const args of [
      ["plan", secret],
      ["plan", secret, "--json"],
    ]) {
      const { code, stdout } = await lab.xhost(...args);
      expect(code, stdout).toBe(0);
      expect(stdout).toContain("PW=${XHOST_TEST_PW}");
      expect(stdout).not.toContain("s3cret-value");
    }
  });

  test("an interrupt lets every host finish its step", async () => {
    const slow = (name: string) =>
      lab.inventory(`${name}.yml`, (text) =>
        text
          .replace("c1: { host: h1,", `c1: { host: h1, stop_grace_period: 2s, environment: { R: ${name} },`)
          .replace("c2: { host: h2,", `c2: { host: h2, stop_grace_period: 6s, environment: { R: ${name} },`)
          .replace(
            /$/,
            '  d1: { host: h1, network: app, image: "xhost-lab:1", command: [sleep, infinity], environment: { R: NAME } }\n'.replace(
              "NAME",
              name,
            ),
          ),
      );
    expect((await lab.xhost("deploy", await slow("first"), "--yes")).code).toBe(0);
    const run = lab.start("deploy", await slow("second"), "--yes");
    run.stderr.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("Apply")) setTimeout(() => run.kill("SIGINT"), 1000);
    });
    expect((await run).exitCode).toBe(130);
    for (const host of ["h1", "h2"]) {
      expect(await lab.on(host, "docker ps -a --format '{{.Names}} {{.State}}' | grep -v running; true"), host).toBe(
        "",
      );
      expect(await lab.on(host, "docker ps -a --format '{{.Names}}' | grep xhost-old; true"), host).toBe("");
    }
    expect(await lab.on("h2", "docker exec c2 env")).toContain("R=second");
    expect((await lab.xhost("deploy", await slow("second"), "--yes")).code).toBe(0);
  });

  test("destroy leaves nothing, not even anonymous volumes, and spares what somebody put into raw", async () => {
    await lab.on(
      "h2",
      "nft list table ip raw >/dev/null 2>&1 || nft add table ip raw; nft add chain ip raw mine '{ type filter hook prerouting priority -310; }'",
    );
    expect((await lab.xhost("destroy", await lab.inventory("one.yml", obedient), "--yes")).code).toBe(0);
    expect(await lab.snapshot("h1")).toBe(before.get("h1"));
    expect(await lab.on("h2", "nft list table ip raw")).toContain("chain mine");
  });
});
