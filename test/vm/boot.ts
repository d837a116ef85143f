// What brings the kernel's state back where systemd runs: each disturbance is real, and connectivity comes back without xhost.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { linkName } from "../../src/model/names.ts";
import { byPlane, deployed, endsOf, expectInSync } from "../e2e/plane-table.ts";
import { addressOf, type TestLab } from "../e2e/xhost.ts";

/** A kernel in user mode takes its time: Docker is up ten seconds after the boot. */
const PATIENT = { timeout: 240_000, interval: 250 };

/** To be run on a lab of uml hosts on which nothing is deployed; afterwards nothing is. */
export const testBoot = (quiet: () => TestLab): void => {
  const on = (command: string): Promise<string> => quiet().on("h1", command);
  const told: string[] = [];
  let file: string;
  let far: string;
  const before = new Map<string, string>();
  const unit = (): string => `xhost-${quiet().lab.name}.service`;
  const folder = (): string => `/etc/xhost/${quiet().lab.name}`;

  /** Waits until c1 reaches c2 and our jump is at the head of nat; notes how long that took. */
  const expectBack = async (what: string, since: number): Promise<void> => {
    await vi.waitFor(() => on(`docker exec c1 ping -c 1 -W 1 ${far}`), PATIENT);
    told.push(`${what}: ${((Date.now() - since) / 1000).toFixed(1)} s until a packet of c1 reached c2`);
    const jump = "iptables -t nat -S POSTROUTING | sed -n 2p";
    await vi.waitFor(async () => expect(await on(jump)).toMatch(/-j XHOST-/), PATIENT);
    const state = `systemctl show -p ActiveState -p Result ${unit()}`;
    await vi.waitFor(async () => expect(await on(state)).toBe("Result=success\nActiveState=inactive"), PATIENT);
  };

  /** What xhost, and systemd for its sake, has on a host. */
  const ours = (host: string): Promise<string> =>
    quiet().on(
      host,
      "find /etc | sort; iptables-save | grep XHOST; ip route show proto 88; systemctl list-units --all --plain --no-legend 'xhost-*'",
    );

  describe("what the kernel loses comes back without xhost", () => {
    beforeAll(async () => {
      for (const host of ["h1", "h2"]) before.set(host, await ours(host));
      const edit = (text: string): string => text.replaceAll("network: app,", "network: app, restart: always,");
      file = await byPlane(quiet(), "ipip", { file: "boot", edit });
      await deployed(quiet(), file);
      far = await addressOf(quiet(), "h2", endsOf(quiet())[1]?.container ?? "");
    });
    afterAll(() => console.log(told.join("\n")));

    test("a reboot", async () => {
      const boot = (): Promise<string> => on("cat /proc/sys/kernel/random/boot_id");
      const was = await boot();
      const since = Date.now();
      await on("systemctl reboot").catch(() => undefined);
      await vi.waitFor(async () => expect(await boot()).not.toBe(was), PATIENT);
      await expectBack("reboot", since);
      const link = linkName(quiet().lab.name, "ipip");
      expect(await on(`cat /sys/class/net/${link}/mtu /proc/sys/net/ipv4/conf/${link}/rp_filter`)).toBe("1480\n0");
      await expectInSync(quiet(), file);
    });

    test("systemctl restart docker", async () => {
      await on("iptables -t nat -D POSTROUTING 1");
      const since = Date.now();
      await on("systemctl restart docker");
      await expectBack("systemctl restart docker", since);
    });

    test("Docker killed: systemd starts it again, and the unit with it", async () => {
      await on("iptables -t nat -D POSTROUTING 1; ip route flush proto 88");
      const since = Date.now();
      await on("kill -9 $(pidof dockerd)");
      await expectBack("kill -9 of dockerd", since);
    });

    test("systemd-networkd restarted, our routes gone a second after it says that it is up", async () => {
      const dropIn = "/etc/systemd/system/systemd-networkd.service.d";
      // networkd does that to devices of its own only; a lab host's is set up without it. With the plus as root: networkd is none.
      const post = "ExecStartPost=+/bin/sh -c '(sleep 1; ip route flush proto 88; touch /run/flushed) &'";
      await on(
        `mkdir ${dropIn} && printf '[Service]\\n%s\\nKillMode=process\\n' "${post}" >${dropIn}/flush.conf && systemctl daemon-reload`,
      );
      const since = Date.now();
      await on("systemctl restart systemd-networkd");
      await vi.waitFor(() => on("rm /run/flushed"), PATIENT);
      await expectBack("systemctl restart systemd-networkd", since);
      await on(`systemctl stop systemd-networkd.socket systemd-networkd; rm -r ${dropIn}; systemctl daemon-reload`);
    });

    test("firewall-cmd --reload, which throws all rules away", { timeout: 240_000 }, async () => {
      // nf_tables of this kernel has no family ip
      await on("sed -i s/^FirewallBackend=.*/FirewallBackend=iptables/ /etc/firewalld/firewalld.conf");
      // Docker listens to firewalld only where it was there before
      await on("systemctl start firewalld && systemctl restart docker");
      await vi.waitFor(() => on(`docker exec c1 ping -c 1 -W 1 ${far}`), PATIENT);
      await on("firewall-cmd --reload");
      const since = Date.now();
      await vi.waitFor(
        async () => expect(Number(await on("iptables-save | grep -c DOCKER"))).toBeGreaterThan(5),
        PATIENT,
      );
      await expectBack("firewall-cmd --reload", since);
      await expectInSync(quiet(), file);
      // The zone is Docker's.
      await on("systemctl stop firewalld; rm -f /etc/firewalld/zones/docker.xml; systemctl restart docker");
    });

    test("the script leaves a host alone that xhost is at work on", async () => {
      const lock = `/run/xhost/lock/${quiet().lab.name}`;
      const held = `mkdir -p /run/xhost/lock; flock ${lock} sh ${folder()}/up.sh; echo $?; rm -r /run/xhost`;
      expect(await on(held)).toBe("75");
    });

    test("a unit that was disabled, or whose script was edited or fails, is found and mended", async () => {
      await on(`systemctl --quiet disable ${unit()}`);
      await quiet().on(
        "h2",
        `echo exit 1 >>${folder()}/down.sh; sed -i '4i exit 1' ${folder()}/up.sh; systemctl start ${unit()} || true`,
      );
      // It fails again and again, and is found also while systemd has just started it anew.
      const again = `systemctl show -p SubState -p NRestarts ${unit()}`;
      await vi.waitFor(
        async () =>
          expect((await quiet().on("h2", again)).split("\n").sort().join()).toMatch(
            /^NRestarts=[1-9].*SubState=start$/,
          ),
        PATIENT,
      );
      const plan = await quiet().xhost("plan", file);
      expect(plan.stdout).toMatch(/h1\n +~ boot script .*: unit disabled\n/);
      expect(plan.stdout).toMatch(/h2\n +~ boot script .*: up.sh changed, down.sh changed, unit failed\n/);
      const doctor = await quiet().xhost("doctor", file);
      expect(doctor.stdout).toMatch(/boot-changed/);
      await deployed(quiet(), file);
      await expectInSync(quiet(), file);
    });

    test("a clock that is a day ahead is no hindrance", async () => {
      await on("date -s '+1 day'");
      const changed = await byPlane(quiet(), "vxlan", { file: "ahead" });
      await deployed(quiet(), changed);
      await expectInSync(quiet(), changed);
      await on("date -s '-1 day'");
      await expectInSync(quiet(), changed);
    });

    test("destroy leaves nothing, of systemd's links too", async () => {
      expect((await quiet().xhost("destroy", file, "--yes")).code).toBe(0);
      for (const host of ["h1", "h2"]) expect(await ours(host), host).toBe(before.get(host));
    });
  });
};
