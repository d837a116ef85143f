// A healthy lab gives no finding; broken in one way, doctor names that and nothing else, and its remedy heals the lab.
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listenScript } from "../../src/doctor/probe-script.ts";
import type { Case } from "./doctor-case.ts";
import { CASES } from "./doctor-cases.ts";
import { FOREIGN, NO_FOREIGN, withSecondNetwork } from "./doctor-foreign.ts";
import { examined, harm, heal, named, withChecks } from "./doctor-lab.ts";
import { byPlane } from "./plane-table.ts";
import { ENGINES, setFaults, testLab, type TestLab } from "./xhost.ts";

describe("doctor between Docker 20.10 and 28.5", () => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await testLab("ed-mix", 2, "bookworm,sid");
  });
  afterAll(() => lab.down());

  describe.each(Object.entries(CASES))("plane %s", (plane, cases) => {
    let file: string;
    beforeAll(async () => {
      file = await byPlane(lab, plane as keyof typeof CASES, { edit: withChecks });
      const { code, stderr } = await lab.xhost("deploy", file, "--yes", "--reprobe");
      expect(code, stderr).toBe(0);
    });
    afterAll(() => setFaults(lab));

    test("healthy: no finding", async () => {
      const report = await examined(lab, file);
      expect([report.code, report.healthy, ...named(report)]).toEqual([0, true]);
      expect(report.checks).toMatchObject({ made: 4, passed: 4, sampled: false });
      expect(report.ways.map(({ ping }) => ping)).toEqual([true, true]);
    });

    test.runIf(plane === "route")(
      "what others have on the hosts is no finding, nor are two planes at once",
      async () => {
        const mixed = await byPlane(lab, "route", {
          file: "mixed",
          edit: (text) => withSecondNetwork(withChecks(text)),
        });
        await heal(lab, { on: null, command: `xhost deploy ${mixed}` });
        for (const host of ["h1", "h2"]) await harm(lab, { host, shell: FOREIGN });
        const report = await examined(lab, mixed);
        for (const host of ["h1", "h2"]) await harm(lab, { host, shell: NO_FOREIGN });
        await heal(lab, { on: null, command: `xhost deploy ${file}` });
        expect([report.code, report.healthy, ...named(report)]).toEqual([0, true]);
        expect(report.checks).toMatchObject({ made: 6, passed: 6 });
      },
    );

    /** What the remedy of a case left sick, the next one would find beside its own; a look of its own only where that one begins with a deploy, or is none. */
    const looksAgain = (each: Case, next: Case | undefined): boolean =>
      [each.faults, each.after, next?.before, next?.faults].some((what) => what !== undefined) || next === undefined;

    test.each(cases.map((each, i) => [each.what, each, cases[i + 1]] as const))("%s", async (_what, each, next) => {
      if (each.before !== undefined) {
        await setFaults(lab, each.before);
        await heal(lab, { on: null, command: `xhost deploy ${file} --reprobe` });
      }
      if (each.faults !== undefined) await setFaults(lab, each.faults);
      await harm(lab, each);
      const sick = await examined(lab, file);
      const place = [each.at ?? each.host, ...(each.peer === undefined ? [] : [each.peer])].join(" > ");
      const severity = each.severity ?? "fault";
      expect(named(sick)).toEqual([expect.stringContaining(`${each.id} ${place} ${severity}: `)]);
      const isAway = each.id === "docker-unreachable" || each.id === "ssh-unreachable";
      expect(sick.code).toBe(isAway ? 4 : severity === "fault" ? 1 : 0);
      const { remedy } = sick.findings[0]!;
      expect(remedy.command).toMatch(each.remedy);
      if (each.id === "ssh-unreachable") return;
      await heal(lab, each.inLab === undefined ? remedy : { ...remedy, command: each.inLab });
      if (each.thenDeploy === true) await heal(lab, { on: null, command: `xhost deploy ${file}` });
      if (!looksAgain(each, next)) return;
      const healed = await examined(lab, file);
      expect([healed.code, ...named(healed)]).toEqual([0]);
      if (each.after !== undefined) await harm(lab, { host: each.host, shell: each.after });
    });
  });
});

describe.each(ENGINES)("doctor on %s", (_title, engine) => {
  let lab: TestLab;
  let file: string;
  beforeAll(async () => {
    lab = await testLab(`ed-${engine}`, 2, engine);
    file = await byPlane(lab, "vxlan", { edit: withChecks });
    expect((await lab.xhost("deploy", file, "--yes")).code).toBe(0);
  });
  afterAll(() => lab.down());

  test("healthy: a line says so, and nothing is changed on the hosts", async () => {
    const before = await lab.snapshot("h1");
    const { code, stdout } = await lab.xhost("doctor", file);
    expect([code, stdout]).toEqual([0, "Healthy: 2 hosts looked at, 4 of 4 checks passed."]);
    expect(await lab.snapshot("h1")).toBe(before);
    expect(await lab.on("h1", "pgrep -xc 'perl|python3' || true")).toMatch(/^0/);
  });

  test("the table has what was seen, why it matters and the remedy", async () => {
    await harm(lab, { host: "h2", shell: "docker pause $C" });
    const { code, stdout } = await lab.xhost("doctor", file);
    await harm(lab, { host: "h2", shell: "docker unpause $C" });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAULT +h2 +container-paused/);
    expect(stdout).toContain("  seen    container c2: is paused\n  why     a paused container");
    expect(stdout).toContain("  remedy  on h2: docker unpause c2\n");
    expect(stdout).toMatch(/Not healthy: 2 hosts looked at, \d of 4 checks passed, 1 fault\.$/);
  });

  test("a host with neither Perl nor Python: its own ping makes the checks, and what cannot be measured is said", async () => {
    const hide = (from: string, to: string) =>
      lab.on(
        "h1",
        `for p in perl python3; do test ! -e /usr/bin/$p${from} || mv /usr/bin/$p${from} /usr/bin/$p${to}; done`,
      );
    await hide("", ".away");
    const report = await examined(lab, file).finally(() => hide(".away", ""));
    expect(named(report)).toEqual([expect.stringMatching(/^not-measured h1 warning: .*neither perl nor python3/)]);
    expect(report.checks).toMatchObject({ made: 4, passed: 4 });
  });

  test("a speaker that had no turn until it is ended still tells who asked", async () => {
    const late =
      "sleep 1; kill -STOP $speakers; ping -c 1 -n 127.0.0.1 >/dev/null; kill -TERM $speakers; kill -CONT $speakers; wait";
    const said = await lab.on("h1", `${listenScript([{ id: 7, pid: 0, jobs: [] }])}${late}`);
    expect(said).toBe("R 7\nS 7 127.0.0.1");
  });

  test("--limit tells what is wrong on that host, and on another one only what is felt on it", async () => {
    const stale =
      "198.51.100.0/24 dev eth0 proto 88 metric $(ip route show $NET | sed 's/.*metric \\([0-9]*\\).*/\\1/')";
    const both = async (shell: string) => {
      for (const host of ["h1", "h2"]) await harm(lab, { host, shell });
    };
    const of = async (...options: readonly string[]) => {
      const report = await examined(lab, file, ...options);
      return [report.hosts.map(({ name }) => name).join(" "), ...report.findings.map((f) => `${f.host} ${f.id}`)];
    };
    await both(`ip route add ${stale}`);
    const unfelt = [await of("--limit", "h1"), await of("--limit", "h2"), await of()];
    await both(`ip route del ${stale}`);
    await harm(lab, { host: "h2", shell: "ip link set $BR mtu 1280" });
    const felt = await of("--limit", "h1");
    await harm(lab, { host: "h2", shell: "ip link set $BR mtu 1450" });
    expect(unfelt).toEqual([
      ["h1", "h1 route-stale"],
      ["h2", "h2 route-stale"],
      ["h1 h2", "h1 route-stale", "h2 route-stale"],
    ]);
    expect(felt).toEqual(["h1", "h2 bridge-mtu"]);
  });

  test("a host on which sudo refuses is named, and the other one is looked at", async () => {
    const withSudo = await byPlane(lab, "vxlan", {
      file: "sudo",
      edit: (text) => withChecks(text).replace("\n  ssh:", "\n  become: sudo\n  ssh:"),
    });
    expect((await examined(lab, withSudo)).findings).toEqual([]);
    await lab.on("h1", "mv /etc/sudoers /etc/sudoers.away; touch /etc/sudoers; chmod 440 /etc/sudoers");
    const report = await examined(lab, withSudo).finally(() => lab.on("h1", "mv /etc/sudoers.away /etc/sudoers"));
    expect(named(report)).toEqual([expect.stringMatching(/^sudo-refused h1 fault: .*sudo refuses/)]);
    expect(report.findings[0]!.remedy.command).toMatch(/^ssh .* sudo -n true$/);
    expect([report.hosts.map(({ name }) => name), report.checks.unchecked]).toEqual([["h2"], 4]);
    expect((await examined(lab, withSudo)).findings).toEqual([]);
  });

  test("--watch tells what is new and what is healed", async () => {
    const watch = lab.start("doctor", file, "--watch", "1");
    const said = (text: RegExp) => waitFor(() => text.test(output));
    let output = "";
    watch.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await said(/Healthy/);
    await harm(lab, { host: "h1", shell: "docker pause $C" });
    // On a busy machine something else may be new before it.
    await said(/new +h1 +container-paused/);
    await harm(lab, { host: "h1", shell: "docker unpause $C" });
    await said(/healed +h1 +container-paused/);
    watch.kill("SIGINT");
    expect((await watch).exitCode).toBe(130);
  });
});

const waitFor = async (isThere: () => boolean): Promise<void> => {
  for (let i = 0; i < 1800 && !isThere(); i++) await setTimeout(100);
  expect(isThere()).toBe(true);
};
