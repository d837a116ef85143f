import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ENGINES, testLab, type TestLab } from "./xhost.ts";

const restartDocker =
  "stop-docker; start-docker; for i in $(seq 100); do docker version >/dev/null 2>&1 && break; sleep 0.1; done";

/** The tutorial's own pair: host one's default bridge with c1, host two's net_18 with c2. */
describe.each(ENGINES)("adopted networks on %s", (_title, engine) => {
  let lab: TestLab;
  let file: string;
  beforeAll(async () => {
    lab = await testLab(`xa-${engine}`, 2, engine);
    const head = (await readFile(lab.lab.inventory, "utf8")).split("networks:")[0] ?? "";
    file = join(lab.folder, "tutorial.yml");
    await writeFile(
      file,
      `${head}networks:
  tutorial:
    plane: route
    existing: { h1: bridge, h2: net_18 }
containers:
  c1: { host: h1, network: tutorial, image: "xhost-lab:1", command: [sleep, infinity] }
  c2: { host: h2, network: tutorial, image: "xhost-lab:1", command: [sleep, infinity] }
`,
    );
  });
  afterAll(() => lab.down());

  test("a network that is not there is named, with those that are", async () => {
    const { code, stderr } = await lab.xhost("plan", file);
    expect(code).toBe(1);
    expect(stderr).toContain("h2: network tutorial: there is no Docker network net_18 to adopt (there are: ");
  });

  test("the tutorial's catch: host two has a default bridge of the same range", async () => {
    await lab.on("h2", "docker network create --subnet 172.18.0.0/16 net_18");
    const { code, stderr } = await lab.xhost("deploy", file, "--yes");
    expect(code).toBe(1);
    expect(stderr).toContain(
      "h2: network tutorial: 172.17.0.0/16 of h1 overlaps the Docker network bridge (172.17.0.0/16) on this host",
    );
    expect(stderr).toContain("`bip` in daemon.json");
    expect(await lab.on("h1", "docker ps -aq")).toBe("");
  });

  test("with another range on host two both reach each other, and nothing adopted is touched", async () => {
    await lab.on(
      "h2",
      `sed -i '1s/{/{"bip": "172.29.0.1\\/24",/' /etc/docker/daemon.json; ip link del docker0; ${restartDocker}`,
    );
    const networks = async (): Promise<string> =>
      `${await lab.on("h1", "docker network ls")}${await lab.on("h2", "docker network ls")}`;
    const before = [await networks(), await lab.snapshot("h1"), await lab.snapshot("h2")];
    const { code, stdout, stderr } = await lab.xhost("deploy", file, "--yes", "--json");
    expect(code, stderr + stdout).toBe(0);
    const { checks } = JSON.parse(stdout) as { checks: { from: string; result: string; source: string }[] };
    expect(checks.map((c) => [c.from, c.result, c.source])).toEqual([
      ["c1", "ok", "172.17.0.2"],
      ["c2", "ok", "172.18.0.2"],
    ]);
    expect((await lab.xhost("deploy", file, "--yes")).stdout).toContain("Nothing to do.");
    expect((await lab.xhost("destroy", file, "--yes")).code).toBe(0);
    expect([await networks(), await lab.snapshot("h1"), await lab.snapshot("h2")]).toEqual(before);
  });
});
