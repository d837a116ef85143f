// `trace` and `capture` over ipip on hosts with kernels and clocks of their own.
import { beforeAll, describe, expect, test } from "vitest";
import { linkName } from "../../src/model/names.ts";
import { traced } from "../e2e/trace-run.ts";
import { addressOf, setFaults, type TestLab } from "../e2e/xhost.ts";

/** Two hosts with a network by ipip between them. */
type Looking = { readonly lab: () => TestLab; readonly file: () => string };

export const testTrace = ({ lab, file }: Looking): void => {
  describe("trace over ipip", () => {
    test.each([
      ["c1", "c2", []],
      ["c2", "c1", ["--tcp", "80"]],
    ] as const)("nothing is blamed from %s to %s %j, with packets and without", async (from, to, options) => {
      const live = await traced(lab(), file(), from, to, ...options);
      expect([live.fault, live.deaf]).toEqual([null, []]);
      const seen = [...live.there, ...live.back].flatMap((hop) => hop.seen ?? []);
      // container, veth, bridge, tunnel and network card of two hosts, there and back
      expect(seen.map(({ probes }) => probes)).toEqual(Array.from({ length: 20 * live.packets.length }, () => 3));
      expect((await traced(lab(), file(), from, to, ...options, "--static")).fault).toBeNull();
    });

    test("a drop of protocol 4 in INPUT is blamed, with packets and without", async () => {
      await lab().on("h2", "iptables -I INPUT -p 4 -j DROP");
      try {
        for (const options of [[], ["--static"]]) {
          const { fault } = await traced(lab(), file(), "c1", "c2", ...options);
          expect([fault?.host, fault?.point, fault?.decides.words, fault?.outer]).toEqual([
            "h2",
            "filter INPUT",
            expect.stringMatching(/^iptables -t filter INPUT rule 1: -p (4|ipencap) -j DROP$/),
            true,
          ]);
        }
      } finally {
        await lab().on("h2", "iptables -D INPUT -p 4 -j DROP");
      }
    });

    test("a fabric that drops protocol 4 is blamed by what is seen on the network cards", async () => {
      await setFaults(lab(), { drop: ["proto4"] });
      const { fault } = await traced(lab(), file(), "c1", "c2");
      await setFaults(lab());
      expect([fault?.point, fault?.last?.host, fault?.last?.point]).toEqual(["network", "h1", "eth0"]);
    });
  });
};

/** Seconds between the clocks, and milliseconds that a packet waits before each tunnel: more than the doubt of the measured clocks. */
const [APART, WAIT] = [7, 60];

export const testCapture = ({ lab, file }: Looking): void => {
  describe("capture with clocks that are seconds apart", () => {
    let lines: readonly string[] = [];
    beforeAll(async () => {
      const device = linkName(lab().lab.name, "ipip");
      const turn = (seconds: number) => lab().on("h2", `date -s "@$(($(date +%s) + ${seconds}))"`);
      for (const host of ["h1", "h2"])
        await lab().on(host, `modprobe sch_netem && tc qdisc add dev ${device} root netem delay ${WAIT}ms`);
      await turn(APART);
      try {
        expect(await behind(lab)).toBeGreaterThan(APART - 2);
        lines = await captured({ lab, file });
      } finally {
        await turn(-APART);
        for (const host of ["h1", "h2"]) await lab().on(host, `tc qdisc del dev ${device} root`);
      }
    });

    const ways = (): readonly string[] =>
      lines
        .map((line) => /^[\d:.]+ +(h\d).* (container|bridge|tunnel|nic) .* echo (request|reply) /.exec(line) ?? line)
        .map((found) => (typeof found === "string" ? found : found.slice(1).join(" ")));

    test("each host's own order is that of the way, there and back", () => {
      const out = ["container", "bridge", "tunnel", "nic"];
      const near = [...out.map((at) => `h1 ${at} request`), ...out.toReversed().map((at) => `h1 ${at} reply`)];
      const far = [...out.toReversed().map((at) => `h2 ${at} request`), ...out.map((at) => `h2 ${at} reply`)];
      expect(ways().filter((way) => way.startsWith("h1"))).toEqual(near);
      expect(ways().filter((way) => way.startsWith("h2"))).toEqual(far);
    });

    // what two hosts saw within the doubt of their clocks may be in either order (docs/capture.md)
    test("and between the hosts: before the first tunnel, between the tunnels, behind the second", () => {
      const parts = [ways().slice(0, 2), ways().slice(2, 10), ways().slice(10)];
      const at = (host: string, points: readonly string[], type: string) => points.map((p) => `${host} ${p} ${type}`);
      const all = ["container", "bridge", "tunnel", "nic"];
      expect(parts.map((part) => [...part].sort())).toEqual(
        [
          at("h1", ["container", "bridge"], "request"),
          [
            ...at("h1", ["tunnel", "nic"], "request"),
            ...at("h2", all, "request"),
            ...at("h2", ["container", "bridge"], "reply"),
          ],
          [...at("h2", ["tunnel", "nic"], "reply"), ...at("h1", all, "reply")],
        ].map((part) => part.sort()),
      );
    });
  });
};

/** Seconds that h1's clock is behind h2's, as they say themselves. */
const behind = async (lab: () => TestLab): Promise<number> => {
  const now = (host: string) => lab().on(host, "date +%s.%N");
  const early = Number(await now("h1"));
  return Number(await now("h2")) - early;
};

/** The lines of one ping's packets at all points. */
const captured = async ({ lab, file }: Looking): Promise<readonly string[]> => {
  const address = await addressOf(lab(), "h2", "c2");
  const run = lab().start("capture", file(), "c1", "c2", "--filter", "icmp", "--count", "16", "--seconds", "60");
  await new Promise<void>((resolve, reject) => {
    let said = "";
    run.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Ctrl-C ends it")) resolve();
    });
    void run.then(() => reject(new Error(`it ended: ${said}`)));
  });
  await lab().on("h1", `docker exec c1 ping -c 1 -W 10 ${address}`);
  const { exitCode, stdout, stderr } = await run;
  expect(exitCode, stderr).toBe(0);
  return stdout.split("\n");
};
