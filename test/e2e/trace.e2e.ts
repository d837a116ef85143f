// What breaks a way between containers, and the hop, host and rule or route that `trace` names for it: with packets, and without.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { TraceReport } from "../../src/doctor/trace-report.ts";
import { byPlane, deployed } from "./plane-table.ts";
import { filling, heal, hurt, LAB } from "./trace-break.ts";
import { BREAKS } from "./trace-breaks.ts";
import { BY_PLANE } from "./trace-breaks-planes.ts";
import { testProgramsOfHosts } from "./trace-programs.ts";
import { traced as tracedIn } from "./trace-run.ts";
import { setFaults, testLab, type TestLab } from "./xhost.ts";

let lab: TestLab;
let filled: (text: string) => string;

beforeAll(async () => {
  // c1 on Docker 20.10, c2 on 28.5
  lab = await testLab(LAB, 2, "bookworm,sid");
});
afterAll(() => lab.down());

const traced = (...args: [file: string, from: string, to: string, ...more: string[]]) => tracedIn(lab, ...args);

/** Programs of a trace that are at work on a host. */
const atWork = (host: string): Promise<string> => lab.on(host, "pgrep -a 'perl|python3|timeout' || true");

describe.each(["route", "vxlan", "wireguard"] as const)("by %s", (plane: keyof typeof BY_PLANE) => {
  let file: string;
  beforeAll(async () => {
    await setFaults(lab);
    file = await byPlane(lab, plane);
    await deployed(lab, file);
    filled = await filling(lab);
  });
  afterAll(async () => {
    await lab.xhost("destroy", file, "--yes");
  });

  test.each([
    ["c1", "c2", []],
    ["c2", "c1", []],
    ["c1", "c2", ["--tcp", "80"]],
    ["c1", "c2", ["--static"]],
    ["c2", "c1", ["--static"]],
  ] as const)("nothing is blamed from %s to %s %j", async (from, to, options) => {
    const { fault, code, packets, there, back } = await traced(file, from, to, ...options);
    expect({ fault, code }).toEqual({ fault: null, code: 0 });
    expect(packets.map(({ sent, returned }) => sent - returned)).toEqual(packets.map(() => 0));
    const seen = [...there, ...back].flatMap((hop) => hop.seen ?? []);
    const isStatic = (options as readonly string[]).includes("--static");
    // container, veth, bridge and network card of two hosts, and two devices of a tunnel; there and back
    const points = (plane === "route" ? 8 : 10) * 2 * packets.length;
    expect(seen.map(({ probes }) => probes)).toEqual(isStatic ? [] : Array.from({ length: points }, () => 3));
  });

  test("what a port says that nobody listens on, names that are not there, and a container that does not run", async () => {
    const refused = await lab.xhost("trace", file, "c1", "c2", "--tcp", "81");
    expect([refused.code, refused.stdout]).toEqual([0, expect.stringContaining("refused: nobody listens on the port")]);
    const unknown = await lab.xhost("trace", file, "c1", "c9");
    expect([unknown.code, unknown.stderr]).toEqual([
      3,
      expect.stringContaining("there is no container c9 (known: c1, c2)"),
    ]);
    await lab.on("h2", "docker stop -t 0 c2");
    const stopped = await lab.xhost("trace", file, "c1", "c2");
    await lab.on("h2", "docker start c2");
    expect([stopped.code, stopped.stderr]).toEqual([
      1,
      expect.stringContaining("h2: trace c2: it does not run (Exited"),
    ]);
  });

  test("a rule that refuses in the container's name is blamed, though something came back", async () => {
    const rule = "DOCKER-USER -p tcp --dport 80 -j REJECT --reject-with tcp-reset";
    await lab.on("h2", `iptables -I ${rule}`);
    const { fault, code } = await traced(file, "c1", "c2", "--tcp", "80");
    await lab.on("h2", `iptables -D ${rule}`);
    expect([code, fault?.host, fault?.point, fault?.decides.words]).toEqual([
      1,
      "h2",
      "filter FORWARD",
      expect.stringContaining("-j REJECT --reject-with tcp-reset"),
    ]);
  });

  test.each(["SIGINT", "SIGKILL"] as const)("nothing of it is left on the hosts after %s", async (signal) => {
    const before = await Promise.all(["h1", "h2"].map(lab.snapshot));
    await lab.on("h1", filled("iptables -I DOCKER-USER -d C2 -j DROP"));
    const run = lab.start("trace", file, "c1", "c2");
    await vi.waitFor(async () => expect(await atWork("h2")).not.toBe(""), { timeout: 120_000, interval: 50 });
    run.kill(signal);
    await run;
    await vi.waitFor(async () => expect((await atWork("h1")) + (await atWork("h2"))).toBe(""), { timeout: 60_000 });
    await lab.on("h1", filled("iptables -D DOCKER-USER -d C2 -j DROP"));
    expect(await Promise.all(["h1", "h2"].map(lab.snapshot))).toEqual(before);
  });

  // what is told apart by the plane; the rest is told by two of them
  test.each([...(plane === "wireguard" ? [] : BREAKS), ...BY_PLANE[plane]])("$title", async (broken) => {
    const { from = "c1", options = [], blamed, last, unseen } = broken;
    const to = from === "c1" ? "c2" : "c1";
    let isHealed = false;
    await hurt(broken, { lab, filled });
    try {
      const live = await traced(file, from, to, ...options);
      const wanted = [blamed[0], filled(blamed[1]), expect.stringContaining(filled(blamed[2]))];
      const named = ({ fault }: TraceReport) => fault && [fault.host, fault.point, fault.decides.words];
      expect(named(live), JSON.stringify(live.fault)).toEqual(wanted);
      expect(live.code).toBe(1);
      if (last !== undefined) expect(live.fault?.last?.point).toBe(last);
      const still = await traced(file, from, to, ...options, "--static");
      if (unseen === "nothing") expect(still.fault).toBeNull();
      else expect(named(still)).toEqual(wanted);
      const remedy = live.fault?.remedy;
      if (broken.on === undefined || broken.heals === false) return;
      expect(remedy?.on).toBe(broken.on);
      await lab.on(broken.on, remedy!.command);
      isHealed = true;
    } finally {
      if (!isHealed) await heal(broken, { lab, filled });
    }
    expect((await traced(file, from, to, ...options)).fault).toBeNull();
    if (broken.stays === true) await heal(broken, { lab, filled });
  });

  test("between two containers of one host, by their bridge", async () => {
    const more = await lab.inventory(`${plane}-two.yml`, (text) =>
      text
        .replace(/plane: \w+/, `plane: ${plane}`)
        .replace(
          /^ {2}c2: /m,
          '  c3: { host: h1, network: app, image: "xhost-lab:1", command: [sleep, infinity] }\n  c2: ',
        ),
    );
    await deployed(lab, more);
    const { fault, there, packets } = await traced(more, "c1", "c3");
    expect([fault, packets.map(({ returned }) => returned)]).toEqual([null, [3, 3]]);
    expect(new Set(there.map(({ host }) => host))).toEqual(new Set(["h1"]));
  });
});

testProgramsOfHosts();
