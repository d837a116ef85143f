// Perl, Python and neither, on hosts of the machine's own Debian.
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TraceReport } from "../../src/doctor/trace-report.ts";
import { byPlane, deployed } from "./plane-table.ts";
import { traced } from "./trace-run.ts";
import { testLab, type TestLab } from "./xhost.ts";

export const testProgramsOfHosts = (): void => {
  describe("hosts of the machine's own Debian", () => {
    const hasPython = existsSync("/usr/bin/python3");
    let own: TestLab;
    let file: string;
    beforeAll(async () => {
      own = await testLab("ep-trc-py", 2, "machine");
      file = await byPlane(own, "vxlan");
      await deployed(own, file);
    });
    afterAll(() => own.down());

    /** Puts a program that always fails before others, in the mounts of a host. */
    const hiding = async (host: string, programs: readonly string[], work: () => Promise<void>): Promise<void> => {
      for (const program of programs) await own.on(host, `mount --bind /bin/false ${program}`);
      try {
        await work();
      } finally {
        for (const program of programs) await own.on(host, `umount ${program}`);
      }
    };
    const run = (...options: readonly string[]): Promise<TraceReport> => traced(own, file, "c1", "c2", ...options);
    const counts = ({ there, back }: TraceReport): readonly (readonly number[])[] =>
      [...there, ...back].flatMap(({ seen }) => (seen === undefined ? [] : [seen.map(({ probes }) => probes)]));

    test.skipIf(!hasPython)("Python sees on every device what Perl sees, and names the same", async () => {
      const [pings, tcp] = [await run(), await run("--tcp", "80")];
      expect(new Set(counts(pings).flat())).toEqual(new Set([3]));
      await own.on("h2", "iptables -I DOCKER-USER -p icmp -j REJECT");
      const blocked = await run();
      await hiding("h1", ["/usr/bin/perl"], () =>
        hiding("h2", ["/usr/bin/perl"], async () => {
          const same = await run();
          expect([counts(same), same.fault]).toEqual([counts(blocked), blocked.fault]);
          expect(blocked.fault?.evidence.join()).toContain("answers with an ICMP error: port unreachable");
          await own.on("h2", "iptables -D DOCKER-USER -p icmp -j REJECT");
          expect(counts(await run())).toEqual(counts(pings));
          expect(counts(await run("--tcp", "80"))).toEqual(counts(tcp));
        }),
      );
    });

    test("a host with neither sends nothing; one on the way is not looked into", async () => {
      const programs = ["/usr/bin/perl", "/usr/bin/python3"].filter((program) => existsSync(program));
      await hiding("h1", programs, async () => {
        const { code, stderr } = await own.xhost("trace", file, "c1", "c2");
        expect(code).toBe(1);
        expect(stderr).toContain("h1: trace packets: there is neither perl nor python3: install one of them");
      });
      await hiding("h2", programs, async () => {
        const said = await run();
        expect([said.fault, said.deaf, said.packets.map(({ returned }) => returned)]).toEqual([null, ["h2"], [3, 3]]);
        expect(new Set(counts(said).flat())).toEqual(new Set([3]));
      });
    });
  });
};
