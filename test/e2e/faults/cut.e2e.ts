// What happens to a deploy from outside: its own route cuts SSH, a connection breaks, Docker or a host restarts, a disk is full, somebody else deploys.
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { labStart, labStop } from "../../../src/lab/power.ts";
import { namespaceOf } from "../../../src/lab/names.ts";
import { addressOf, ENGINES, obedient, pings, testLab, type TestLab } from "../xhost.ts";
import { said } from "./at.ts";
import { testCutConnections, testDocker } from "./broken.ts";

const PATIENT = { timeout: 120_000, interval: 250 };

describe.each(ENGINES)("a deploy that is disturbed on %s", (_title, engine) => {
  const name = `xc-${engine}`;
  const hosts = ["h1", "h2"];
  let lab: TestLab;
  let file: string;
  const before = new Map<string, string>();
  beforeAll(async () => {
    lab = await testLab(name, 2, engine);
    file = await lab.inventory("inventory.yml", obedient);
  });
  // A host that was switched off is another one in its Ethernet addresses.
  beforeEach(async () => {
    for (const host of hosts) before.set(host, await lab.snapshot(host));
  });
  afterAll(() => lab.down());

  /** Docker makes its default bridge anew when it starts: another id, another Ethernet address; a host that starts is plugged in anew. */
  const settled = (text: string | undefined): string | undefined =>
    text
      ?.replace(/^\w{12} bridge bridge$/m, "")
      .replace(/^docker0: .*$/m, "")
      .replace(/^[0-9a-f:]{17} dev docker0 .*$/m, "")
      .replace(/^eth0@if\d+/m, "eth0");
  const expectAsBefore = async (): Promise<void> => {
    for (const host of hosts) expect(settled(await lab.snapshot(host)), host).toBe(settled(before.get(host)));
  };
  const expectWhole = async (): Promise<string> => {
    const { code, stdout, stderr } = await lab.xhost("deploy", file, "--yes");
    expect(code, stdout + stderr).toBe(0);
    expect((await lab.xhost("plan", file, "--detailed-exitcode")).code).toBe(0);
    expect(await pings(lab, "h1", "c1", await addressOf(lab, "h2", "c2"))).toBe(true);
    return stderr;
  };
  /** Waits until the hosts know that a run which was cut off is over. */
  const unlocked = (): Promise<unknown> =>
    Promise.all(
      hosts.map((host) =>
        expect.poll(() => lab.on(host, "ls -A /run/xhost/lock 2>&1 || true"), PATIENT).not.toBe(name),
      ),
    );
  /** The kernel's state that is ours. */
  const ours = (host: string): Promise<string> =>
    lab.on(host, "ip -4 route show proto 88; iptables-save | grep XHOST || true");
  const operator = (verb: "add" | "del") =>
    execa("nsenter", [`--net=/run/netns/${namespaceOf(name)}`, "ip", "address", verb, "172.29.1.9/32", "dev", "lo"]);
  const gone = async (): Promise<void> => {
    expect((await lab.xhost("destroy", file, "--yes")).code).toBe(0);
    await expectAsBefore();
  };
  /** Starts a deploy, and comes back when that is on its stderr. */
  const until = async (text: string, ...args: string[]) => {
    const run = lab.start("deploy", ...args, "--yes");
    await said(run, text);
    return { pid: run.pid ?? 0, kill: (signal: NodeJS.Signals) => run.kill(signal), ended: run };
  };

  const disturbed = () => ({ lab, file, ours, unlocked, expectWhole, gone });

  // Each on one of the engines: between xhost and the kernel they do not differ, and both together take a quarter of an hour.
  if (engine === "bookworm") {
    test("a route that would lead answers away from whoever is logged in is refused; allowed, the host is back by itself", async () => {
      await operator("add");
      // h1 sees the operator at 172.29.1.9, and h2's block has that address.
      const cutting = await lab.inventory("cutting.yml", (text) =>
        obedient(text)
          .replace(
            /h1: \{ ssh: \{ host: (\S+) \} \}/,
            (_all, host: string) =>
              `h1: { ssh: { host: ${host}, proxyCommand: "nsenter --net=/run/netns/${namespaceOf(name)} nc -s 172.29.1.9 %h %p" } }`,
          )
          .replace(/pool: .*/, "subnets: { h1: 172.28.0.0/24, h2: 172.29.1.0/24 }")
          .replace(/ *prefix: .*\n/, ""),
      );
      const { code, stderr } = await lab.xhost("deploy", cutting, "--yes");
      expect(code).toBe(1);
      expect(stderr).toContain(
        "h1: network app: 172.29.1.0/24 of h2 has 172.29.1.9 in it, where you are logged in from: the host would not reach it any more: choose another pool or subnet, or pass --i-know",
      );
      await expectAsBefore();
      const was = await ours("h1");
      const cut = await lab.xhost("deploy", cutting, "--yes", "--i-know", "--timeout", "15", "--confirm-timeout", "40");
      // The answer of the change itself does not come through any more, or else the login after it.
      expect([1, 4], cut.stderr).toContain(cut.code);
      expect(cut.stderr).toMatch(
        /^h1: [^]*(no end within 15 s|nobody can log in after the change|connection is lost)/m,
      );
      // Within the 40 s, of which some are over.
      await expect.poll(() => ours("h1"), { ...PATIENT, timeout: 40_000 }).toBe(was);
      await unlocked();
      const back = await lab.xhost("destroy", cutting, "--yes");
      expect(back.code, back.stderr).toBe(0);
      expect(cut.stderr + back.stderr).toMatch(
        /what was done of it was taken back|the host takes back what was done of it|the host took it back at 20/,
      );
      await expectAsBefore();
      await operator("del");
    });

    testCutConnections(disturbed);

    test("a host dies in the middle and is started again", async () => {
      const run = await until("Apply", file, "--timeout", "15");
      await labStop({ name, host: "h2" });
      const { exitCode } = await run.ended;
      expect(exitCode).not.toBe(0);
      await labStart({ name, host: "h2" });
      await expectWhole();
      await gone();
    });

    test("a run on one host keeps another from all of them", async () => {
      const run = await until("Apply", file, "--limit", "h2");
      run.kill("SIGSTOP");
      const was = await ours("h1");
      const { code, stderr } = await lab.xhost("deploy", file, "--yes");
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(/^h2: lock project xc-\w+: held by /m);
      expect(await ours("h1")).toBe(was);
      run.kill("SIGCONT");
      await run.ended;
      await expectWhole();
      await gone();
    });

    test("a lock whose holder gives no sign of life is taken over, and the holder can do no more should it wake up", async () => {
      const run = await until("Apply", file);
      run.kill("SIGSTOP");
      for (const host of hosts) await lab.on(host, `touch -d '-2 minutes' /run/xhost/lock/${name}`);
      await expectWhole();
      const was = await Promise.all(hosts.map(ours));
      run.kill("SIGCONT");
      const { exitCode, stderr } = await run.ended;
      expect(exitCode, stderr).not.toBe(0);
      expect(await Promise.all(hosts.map(ours))).toEqual(was);
      await gone();
    });
  } else {
    testDocker(disturbed);

    test("Ctrl-C in the middle: the state is told, and the next deploy completes", async () => {
      const run = await until("Apply", file);
      run.kill("SIGINT");
      const { exitCode, stderr } = await run.ended;
      expect(exitCode).toBe(130);
      expect(stderr).toMatch(/interrupted: what was done stays, run again to complete it/);
      await expectWhole();
      await gone();
    });

    test("a full disk: nothing is half done, and it is said", async () => {
      await lab.on("h1", "mkdir -p /etc/xhost && mount -t tmpfs -o size=4k,nr_inodes=2 tmpfs /etc/xhost");
      const { code, stderr } = await lab.xhost("deploy", file, "--yes");
      expect(code).toBe(1);
      expect(stderr).toMatch(/^h1: /m);
      expect(stderr).toContain("No space left on device");
      expect(await lab.on("h1", "ip -4 route show proto 88; iptables-save | grep -c XHOST || true")).toBe("0");
      await lab.on("h1", "umount /etc/xhost && rmdir /etc/xhost");
      await expectWhole();
      await gone();
    });

    test("two deploys of one project at once: the second says who holds it since when, and leaves", async () => {
      const run = await until("Apply", file);
      run.kill("SIGSTOP");
      const { code, stderr } = await lab.xhost("deploy", file, "--yes");
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /h[12]: lock project xc-\w+: held by root@\S+ since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d: try again when that has finished/,
      );
      const other = await lab.inventory("other.yml", (text) =>
        obedient(text)
          .replace(/^name: .*/m, "name: other")
          .replace("172.30.0.0/16", "172.27.0.0/16")
          .replaceAll(/\bapp\b/g, "app2")
          .replaceAll(/\bc(\d):/g, "d$1:"),
      );
      const beside = await lab.xhost("deploy", other, "--yes");
      expect(beside.code, beside.stderr).toBe(0);
      run.kill("SIGCONT");
      const { exitCode, stderr: told } = await run.ended;
      expect(exitCode, told).toBe(0);
      expect((await lab.xhost("destroy", other, "--yes")).code).toBe(0);
      await gone();
    });
  }
});
