// xhost is killed at every one of its turns toward the hosts: while it deploys for the first time and while it removes it (killed-first, on Docker 20.10), and while
// it changes all that it has deployed (killed-change, on 28.5). Whatever is there then, the next run completes it, with no step by hand; data are kept, and nothing is left.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLI, obedient, pings, addressOf, testLab, type TestLab } from "../xhost.ts";

const HOOK = join(import.meta.dirname, "die.mjs");

/** What a deploy is to bring about on a host, without what Docker makes up anew each time. */
const STATE = [
  `docker ps -a --format '{{.Names}} {{.State}}' | sort`,
  `docker network inspect app --format '{{range .IPAM.Config}}{{.Subnet}}{{end}} {{.Options}}'`,
  `docker volume ls -q`,
  `ip -4 route show proto 88 | sort`,
  `ip -br link | grep '^xh-' | cut -d' ' -f1 | sort`,
  `iptables-save | grep xhost:`,
  `find /etc/xhost -type f ! -name paths | sort | xargs sha256sum`,
  `find /run/xhost/confirm 2>/dev/null || true`,
].join("; ");

/** `at`: whether a turn has begun or is done when xhost is killed; of what comes second in a test it is the other. */
type Killing = { readonly engine: string; readonly what: "first" | "change"; readonly at: "begun" | "done" };

export const testKilled = ({ engine, what, at: moment }: Killing): void => {
  describe(`killed on ${engine}`, () => {
    let lab: TestLab;
    let file: string;
    const other = moment === "begun" ? "done" : "begun";
    const before = new Map<string, string>();
    const hosts = ["h1", "h2"];
    beforeAll(async () => {
      lab = await testLab(`xk-${engine}`, 2, engine);
      file = await lab.inventory("inventory.yml", obedient);
      for (const host of hosts) before.set(host, await lab.snapshot(host));
    });
    afterAll(() => lab.down());

    const hooked = (args: readonly string[], env: Readonly<Record<string, string>>) =>
      execa(process.execPath, ["--import", HOOK, CLI, ...args], {
        reject: false,
        stdin: "ignore",
        cwd: lab.folder,
        env,
      });
    const turnsOf = async (...args: string[]): Promise<number> => {
      const counted = join(lab.folder, "turns");
      const { exitCode, stderr } = await hooked(args, { XHOST_TURNS: counted });
      expect(exitCode, stderr).toBe(0);
      return Number(await readFile(counted, "utf8"));
    };
    /** Of all that were to be killed, the last two may have ended before: how many turns there are hangs on the time a little. */
    const killings = () => {
      const ends: string[] = [];
      return {
        kill: async (at: string, ...args: string[]): Promise<void> => {
          const { signal, exitCode } = await hooked(args, { XHOST_DIE: at });
          ends.push(signal ?? `${at}: ended with ${exitCode}`);
        },
        expectDone: (least: number): void => {
          expect(ends.length).toBeGreaterThanOrEqual(least);
          expect(ends.slice(0, -2).filter((end) => end !== "SIGKILL")).toEqual([]);
        },
      };
    };
    const expectAsBefore = async (told = ""): Promise<void> => {
      for (const host of hosts) expect(await lab.snapshot(host), `${host} ${told}`).toBe(before.get(host));
    };
    const states = (): Promise<readonly string[]> => Promise.all(hosts.map((host) => lab.on(host, STATE)));
    const succeeds = async (told: string, ...args: string[]): Promise<void> => {
      const { code, stdout, stderr } = await lab.xhost(...args);
      expect(code, `${told}: ${args[0]}\n${stdout}${stderr}`).toBe(0);
    };

    const testFirst = () =>
      test(
        `at every turn of a first deploy (${moment}), and of a destroy (${other})`,
        { timeout: 1_500_000 },
        async () => {
          // The first turns of both are the lock's and those of a plan: what is killed there has changed nothing.
          const looking = await turnsOf("plan", file);
          const all = await turnsOf("deploy", file, "--yes");
          const wanted = await states();
          const removal = await turnsOf("destroy", file, "--yes");
          expect(all).toBeGreaterThan(looking + 10);
          await expectAsBefore();
          const [deploys, destroys] = [killings(), killings()];
          for (let n = looking - 2; n <= Math.max(all, removal); n++) {
            const told = `deploy killed at turn ${n} of ${all}, ${moment}`;
            if (n <= all) await deploys.kill(`${n} ${moment}`, "deploy", file, "--yes");
            await succeeds(told, "deploy", file, "--yes");
            expect(await states(), told).toEqual(wanted);
            expect(await pings(lab, "h1", "c1", await addressOf(lab, "h2", "c2")), told).toBe(true);
            const then = `destroy killed at turn ${n} of ${removal}, ${other}`;
            if (n <= removal) await destroys.kill(`${n} ${other}`, "destroy", file, "--yes");
            await succeeds(then, "destroy", file, "--yes");
            await expectAsBefore(then);
          }
          deploys.expectDone(all - looking);
          destroys.expectDone(removal - looking);
        },
      );

    const testChange = () =>
      test(`at every turn of a change of everything (${moment})`, { timeout: 1_500_000 }, async () => {
        const one = await lab.inventory("one.yml", (text) =>
          obedient(text).replace("c1: { host: h1,", "c1: { host: h1, volumes: [/data],"),
        );
        const two = await lab.inventory("two.yml", (text) =>
          obedient(text)
            .replace("c1: { host: h1,", "c1: { host: h1, volumes: [/data], environment: { A: b },")
            .replace("172.30.0.0/16", "172.29.0.0/16")
            .replace("plane: route", "plane: vxlan"),
        );
        await succeeds("at first", "deploy", one, "--yes");
        await lab.on("h1", "docker exec c1 sh -c 'echo precious > /data/x'");
        // Both ways in turn, so that no run is spent on going back.
        const ways = [];
        for (const way of [two, one]) {
          const turns = await turnsOf("deploy", way, "--yes");
          ways.push({ way, turns, states: await states() });
        }
        const looking = await turnsOf("plan", two);
        const { kill, expectDone } = killings();
        const halfway: number[] = [];
        const all = Math.min(...ways.map(({ turns }) => turns));
        for (let n = looking - 2; n <= all; n++) {
          const { way, states: wanted } = ways[(n - looking + 2) % 2]!;
          await kill(`${n} ${moment}`, "deploy", way, "--yes");
          const told = `killed at turn ${n} of ${all}, ${moment}`;
          if ((await lab.on("h1", "docker ps -aq --filter name=c1")).split("\n").length > 1) halfway.push(n);
          await succeeds(told, "deploy", way, "--yes");
          expect(await states(), told).toEqual(wanted);
          expect(await lab.on("h1", "docker exec c1 cat /data/x"), told).toBe("precious");
        }
        expectDone(all - looking);
        process.stderr.write(
          `killed at ${looking - 2} to ${all}; both containers were there at ${halfway.join(", ")}\n`,
        );
        const at = halfway[0] ?? all - hosts.length * 4;
        await hooked(["deploy", ways[(all - looking + 3) % 2]!.way, "--yes"], {
          XHOST_DIE: `${at} ${other}`,
        });
        await succeeds("in between", "destroy", two, "--yes");
        await expectAsBefore("in between");
      });

    if (what === "first") testFirst();
    else testChange();

    test("a change that nobody confirms the host takes back by itself", { timeout: 300_000 }, async () => {
      expect((await lab.xhost("deploy", file, "--yes")).code).toBe(0);
      const standing = await lab.snapshot("h1");
      await lab.on("h1", "ip route del $(ip -4 route show proto 88)");
      const broken = await lab.snapshot("h1");
      // Its last turns: the kernel's step on h1, the confirmation, the checks.
      const repair = await turnsOf("deploy", file, "--yes");
      await lab.on("h1", "ip route del $(ip -4 route show proto 88)");
      let armed = false;
      for (let n = repair; n > 0 && !armed; n--) {
        await hooked(["deploy", file, "--yes", "--confirm-timeout", "10"], { XHOST_DIE: `${n} begun` });
        // Not in the middle of a confirmation that the host goes on with.
        armed = (await lab.on("h1", "sleep 1; ls /run/xhost/confirm/*/armed 2>/dev/null || true")) !== "";
        if (!armed) await lab.on("h1", "ip route del $(ip -4 route show proto 88) 2>/dev/null || true");
      }
      expect(armed).toBe(true);
      await expect.poll(() => lab.on("h1", "ip -4 route show proto 88")).not.toBe("");
      await expect.poll(() => lab.on("h1", "ip -4 route show proto 88"), { timeout: 30_000 }).toBe("");
      await expect.poll(() => lab.on("h1", "ls /run/xhost/confirm/*"), { timeout: 30_000 }).toBe("undone");
      const { code, stderr } = await lab.xhost("deploy", file, "--yes");
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(
        /h1: a change of links, routes and firewall was not confirmed, and the host took it back at 20/,
      );
      expect(await lab.snapshot("h1")).toBe(standing);
      expect(broken).not.toBe(standing);
      expect((await lab.xhost("destroy", file, "--yes")).code).toBe(0);
      await expectAsBefore();
    });
  });
};
