// xhost is killed at every one of its turns toward the hosts while it deploys: whatever is there then, the next deploy completes it, with no
// step by hand, and destroy leaves the hosts as they were.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLI, ENGINES, obedient, pings, addressOf, testLab, type TestLab } from "../xhost.ts";

const HOOK = join(import.meta.dirname, "die.mjs");
const MOMENTS = ["begun", "done"] as const;

describe.each(ENGINES.map(([title, engine], i) => [title, engine, MOMENTS[i] ?? "done"] as const))(
  "killed on %s",
  (_title, engine, moment) => {
    let lab: TestLab;
    let file: string;
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
    const expectAsBefore = async (): Promise<void> => {
      for (const host of hosts) expect(await lab.snapshot(host), host).toBe(before.get(host));
    };

    test(`at every turn (${moment}) of a deploy`, { timeout: 900_000 }, async () => {
      // The first turns of a deploy are those of a plan: what is killed there has changed nothing.
      const looking = await turnsOf("plan", file);
      const all = await turnsOf("deploy", file, "--yes");
      await lab.xhost("destroy", file, "--yes");
      expect(all).toBeGreaterThan(looking + 10);
      await expectAsBefore();
      for (let n = looking - 2; n <= all; n++) {
        const { signal } = await hooked(["deploy", file, "--yes"], { XHOST_DIE: `${n} ${moment}` });
        const told = `killed at turn ${n} of ${all}, ${moment}`;
        expect(signal ?? "ended before", told).toMatch(/^SIGKILL$|^ended before$/);
        const again = await lab.xhost("deploy", file, "--yes");
        expect(again.code, `${told}\n${again.stdout}${again.stderr}`).toBe(0);
        const { code, stdout } = await lab.xhost("plan", file, "--detailed-exitcode");
        expect(code, `${told}\n${stdout}`).toBe(0);
        expect(await pings(lab, "h1", "c1", await addressOf(lab, "h2", "c2")), told).toBe(true);
        expect((await lab.xhost("destroy", file, "--yes")).code, told).toBe(0);
        await expectAsBefore();
      }
    });

    test("a change that nobody confirms the host takes back by itself, and the next run says so", async () => {
      expect((await lab.xhost("deploy", file, "--yes")).code).toBe(0);
      const standing = await lab.snapshot("h1");
      await lab.on("h1", "ip route del $(ip -4 route show proto 88)");
      const broken = await lab.snapshot("h1");
      // Its last turns: the kernel's step on h1, the confirmation, the checks.
      const repair = await turnsOf("deploy", file, "--yes");
      await lab.on("h1", "ip route del $(ip -4 route show proto 88)");
      let armed = false;
      for (let n = repair; n > 0 && !armed; n--) {
        await hooked(["deploy", file, "--yes", "--confirm-timeout", "3"], { XHOST_DIE: `${n} begun` });
        armed = (await lab.on("h1", "ls /run/xhost/confirm 2>/dev/null || true")) !== "";
        if (!armed) await lab.on("h1", "ip route del $(ip -4 route show proto 88) 2>/dev/null || true");
      }
      expect(armed).toBe(true);
      expect(await lab.on("h1", "ip -4 route show proto 88")).not.toBe("");
      await expect.poll(() => lab.on("h1", "ip -4 route show proto 88"), { timeout: 8000 }).toBe("");
      expect(await lab.on("h1", "ls /run/xhost/confirm/*")).toBe("undone");
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
  },
);
