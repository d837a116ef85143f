// What comes late: the way back is ended half-way, the login after a change is refused at first, the boot script runs when a deploy does.
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { confirmFolder, hostFolder } from "../../../src/model/names.ts";
import { CLI, obedient, testLab, type TestLab } from "../xhost.ts";
import { CHANGE_OF_H1, CONFIRMATION, hooked, said, type Hooked } from "./at.ts";

const NAME = "xl-late";
const PATIENT = { timeout: 60_000, interval: 200 };
/** By the `ip` that does not stand still. */
const ROUTES = "PATH=/usr/sbin:/sbin:/usr/bin:/bin ip -4 route show proto 88";
const UNDO = confirmFolder(NAME);

let lab: TestLab;
let file: string;
let standing: string;
beforeAll(async () => {
  lab = await testLab(NAME, 2, "sid");
  file = await lab.inventory("inventory.yml", obedient);
  await expectDone("deploy");
  // The chain is not there before its first rule (nft), and stays.
  await on("iptables -I INPUT -j ACCEPT; iptables -D INPUT -j ACCEPT");
  standing = await lab.snapshot("h1");
});
afterAll(() => lab.down());

const on = (command: string): Promise<string> => lab.on("h1", command);
const seen = (command: string) => expect.poll(() => on(command), PATIENT);
const expectDone = async (command: "deploy" | "destroy"): Promise<void> => {
  const { code, stdout, stderr } = await lab.xhost(command, file, "--yes");
  expect(code, stdout + stderr).toBe(0);
};
const expectStanding = async (): Promise<void> => {
  expect(await lab.snapshot("h1")).toBe(standing);
  expect(await on(`ls ${UNDO} 2>/dev/null || true`)).toBe("");
  expect(await on("find /etc/xhost -perm /077")).toBe("");
};
const routeGoes = (): Promise<string> => on(`ip route del $(${ROUTES})`);
const begin = (how: Hooked, ...options: string[]) => hooked(lab, how, "deploy", file, "--yes", ...options);

/** Has h1's `ip` stand still, once it is called, for as long as /run/still is there. */
const STAND_STILL = `printf '#!/bin/sh\\n: > /run/stands; while test -e /run/still; do sleep 0.1; done\\nexec %s "$@"\\n' $(command -v ip) > /usr/local/sbin/ip; chmod +x /usr/local/sbin/ip; : > /run/still`;
const standStill = (): Promise<string> => on(STAND_STILL);
const goOn = (): Promise<string> => on("rm -f /run/still /run/stands /usr/local/sbin/ip");

test("a way back that is ended half-way is gone on with by the next run", async () => {
  await routeGoes();
  const run = begin({ at: CONFIRMATION, hold: true }, "--confirm-timeout", "8");
  await said(run, "(held)");
  run.kill("SIGKILL");
  await run;
  await standStill();
  await seen(`ls ${UNDO} /run/stands 2>/dev/null || true`).toMatch(/undoing[^]*stands|stands[^]*undoing/);
  expect(await on(ROUTES)).not.toBe("");
  await on(`kill -9 -$(cut -d' ' -f5 /proc/$(cut -d' ' -f1 ${UNDO}/undoing)/stat)`);
  await goOn();
  expect(await on(`ls ${UNDO}`)).toMatch(/^undoing$/m);
  const { code, stderr } = await lab.xhost("deploy", file, "--yes");
  expect(code, stderr).toBe(0);
  // It is at its end only where all of it was done; the deploy has then made the route anew.
  expect(stderr).toMatch(/^h1: a change of .* was not confirmed, and the host took it back at 20/m);
  await expectStanding();
});

test("a change that an earlier run is still at is ended and taken back by the next run: nothing of it comes later", async () => {
  await routeGoes();
  const still = `"${process.execPath}" "${CLI}" lab exec ${NAME} h1 sh /run/stand-still`;
  await on(`cat > /run/stand-still <<'EOF'\n${STAND_STILL}\nEOF`);
  const run = begin({ at: CHANGE_OF_H1, run: still }, "--confirm-timeout", "120");
  await seen("ls /run/stands 2>/dev/null || true").toContain("stands");
  run.kill("SIGKILL");
  await run;
  // Whoever calls `ip` from now on gets the real one; the change stands as it did.
  await on("rm /usr/local/sbin/ip /run/stand-still");
  expect((await lab.xhost("plan", file)).stderr).toMatch(/^h1: a change of links, .* is not confirmed yet/m);
  const { code, stderr } = await lab.xhost("deploy", file, "--yes");
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/^h1: a change of .* was not confirmed, and the host took it back at 20/m);
  expect(await on("pgrep -f '[b]in/ip -batch' || true")).toBe("");
  await goOn();
  await expectStanding();
});

test("no room for the way back: nothing is changed", async () => {
  await routeGoes();
  await on("mkdir -p /run/xhost/confirm && mount -t tmpfs -o size=4k tmpfs /run/xhost/confirm");
  const { code, stderr } = await lab.xhost("deploy", file, "--yes");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^h1: set routes and firewall: [^]*No space left on device[^]*nothing of it was done/m);
  expect(await on(ROUTES)).toBe("");
  await on("umount /run/xhost/confirm; rmdir /run/xhost/confirm /run/xhost 2>/dev/null || true");
  await expectDone("deploy");
  await expectStanding();
});

test("no room to put files back: the change is taken back all the same, it is told, and no project comes of it", async () => {
  const folder = hostFolder(NAME);
  await routeGoes();
  await on(
    `cp -a ${folder} /run/kept; mount -t tmpfs -o size=80k,mode=700 tmpfs ${folder}; cp -a /run/kept/. ${folder}`,
  );
  const run = begin({ at: CONFIRMATION, hold: true }, "--confirm-timeout", "6");
  await said(run, "(held)");
  run.kill("SIGKILL");
  await run;
  await on(`dd if=/dev/zero of=${folder}/fill bs=1k count=200 2>/dev/null || true`);
  await seen(`ls ${UNDO}`).toBe("undone");
  expect(await on(`ls /etc/xhost; ${ROUTES}`)).toBe(NAME);
  await on(`umount ${folder}; rm -r /run/kept`);
  const { code, stderr } = await lab.xhost("deploy", file, "--yes");
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/^h1: .* the host took it back at 20\S+ \S+, but for files in \/etc\/xhost\/xl-late$/m);
  await expectStanding();
});

test("a login after the change that is refused at first is tried again", async () => {
  await routeGoes();
  const rule = "INPUT -p tcp --dport 22 --syn -j REJECT --reject-with tcp-reset";
  const opened = `sleep 6; iptables -nvxL INPUT | grep REJECT > /run/refused; iptables -D ${rule}`;
  const refuse = `iptables -I ${rule}; setsid sh -c "${opened}" </dev/null >/dev/null 2>&1 &`;
  const run = `"${process.execPath}" "${CLI}" lab exec ${NAME} h1 sh -c '${refuse}'`;
  const { exitCode, stderr } = await begin({ at: CHANGE_OF_H1, run });
  expect(stderr).toContain("(ran: 0)");
  expect(exitCode, stderr).toBe(0);
  expect(Number(/\d+/.exec(await on("cat /run/refused; rm /run/refused"))?.[0])).toBeGreaterThan(0);
  await expectStanding();
});

test("a deploy waits for the boot script, which does nothing while there is a deploy", async () => {
  const bootScript = (): Promise<string> => on(`sh ${hostFolder(NAME)}/up.sh && echo done`);
  await routeGoes();
  await standStill();
  const boot = bootScript();
  await seen("ls /run/stands 2>/dev/null || true").toContain("stands");
  const deploy = lab.xhost("deploy", file, "--yes");
  expect(await Promise.race([boot, deploy, setTimeout(4000, "both wait")])).toBe("both wait");
  await goOn();
  expect(await boot).toContain("done");
  const { code, stderr } = await deploy;
  expect(code, stderr).toBe(0);
  await expectStanding();

  await routeGoes();
  const run = begin({ at: CONFIRMATION, hold: true }, "--confirm-timeout", "120");
  await said(run, "(held)");
  // EX_TEMPFAIL: its unit tries it again.
  await expect(bootScript()).rejects.toThrow("status 75");
  run.kill("SIGKILL");
  await run;
  await expectDone("deploy");
  await expectStanding();
  await expectDone("destroy");
});
