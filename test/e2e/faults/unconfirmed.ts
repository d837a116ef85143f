// A change of planes that nobody confirms, on a lab with whatever hosts: xhost is killed, or stands still, where it is about to.
import { expect, test, vi } from "vitest";
import type { Plane } from "../../../src/inventory/inventory.ts";
import { confirmFolder, linkName, lockFile } from "../../../src/model/names.ts";
import { byPlane, expectInSync } from "../plane-table.ts";
import { addressOf, pings, type TestLab } from "../xhost.ts";
import { CONFIRMATION, hooked, said } from "./at.ts";

/** Planes with devices of their own. */
type Tunnel = Exclude<Plane, "route">;

export const PATIENT = { timeout: 240_000, interval: 500 };
export const HOSTS = ["h1", "h2"] as const;

/**
 * All that a change of planes changes, but rules. Devices of containers and of their networks come and go with these; WireGuard's keys are made before any
 * change, because the other hosts have to know them, and go with the next run that has no use for them.
 */
export const STATE = [
  `ip -4 route show table all | sort`,
  `ip -o -d link | grep -vE 'veth| bridge ' | sed -E 's/ [a-z_]+_timer +[0-9.]+//g; s/^[0-9]+: //; s/ fdb_n_learned [0-9]+//; s/ tso_max_[a-z]+ [0-9]+//g' | sort`,
  `ip neigh show nud permanent | sort; bridge fdb show | grep ' dst ' | sort`,
  `for what in public-key listen-port endpoints allowed-ips; do wg show all $what 2>/dev/null; done | sort`,
  `grep -H . /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv4/ip_forward | grep -v veth`,
  `test ! -e /proc/modules || lsmod | grep -oE '^(ipip|vxlan) '`,
  `find /etc/xhost /etc/systemd/system -path '*xhost*' -type f ! -name wireguard.key -exec cksum {} + | sort -k3; ls -l /etc/systemd/system/*.wants 2>/dev/null | grep -o 'xhost.*'`,
].join("; ");
const RULES = "iptables-save | grep -v '^#' | sed 's/\\[[0-9:]*\\]//'";

/** What these tests do with a lab of two hosts. */
export const unconfirmedOn = (quiet: () => TestLab) => {
  const name = (): string => quiet().lab.name;
  const onAll = (command: string): Promise<readonly string[]> =>
    Promise.all(HOSTS.map((host) => quiet().on(host, command)));
  const edit = (text: string): string => text.replaceAll("network: app,", "network: app, restart: always,");
  const inventory = (plane: Tunnel): Promise<string> => byPlane(quiet(), plane, { file: `unconfirmed-${plane}`, edit });
  const tunnels = async (): Promise<readonly string[]> => {
    const links = (["ipip", "vxlan", "wireguard"] as const).map((plane) => linkName(name(), plane));
    return onAll(`ls /sys/class/net | grep -xE '${links.join("|")}'`);
  };
  const expectPlane = async (plane: Tunnel): Promise<void> =>
    expect(await tunnels()).toEqual(HOSTS.map(() => linkName(name(), plane)));
  const expectPackets = async (): Promise<void> => {
    const far = await addressOf(quiet(), "h2", "c2");
    await vi.waitFor(async () => expect(await pings(quiet(), "h1", "c1", far)).toBe(true), PATIENT);
  };
  /** Deploys, and looks whether all is there; what that has said on stderr. */
  const completes = async (plane: Tunnel): Promise<string> => {
    const file = await inventory(plane);
    const { code, stdout, stderr } = await quiet().xhost("deploy", file, "--yes");
    expect(code, stdout + stderr).toBe(0);
    await expectPlane(plane);
    await expectInSync(quiet(), file);
    await expectPackets();
    return stderr;
  };
  /** A deploy that has changed both hosts, and has the confirmations still to send. */
  const changed = async (plane: Tunnel, seconds: number) => {
    const options = ["--yes", "--confirm-timeout", `${seconds}`];
    const run = hooked(quiet(), { at: CONFIRMATION, hold: true }, "deploy", await inventory(plane), ...options);
    await said(run, "(held)", HOSTS.length);
    await expectPlane(plane);
    return { kill: (signal: NodeJS.Signals) => run.kill(signal), ended: run };
  };
  const killed = async (plane: Tunnel, seconds: number): Promise<void> => {
    const run = await changed(plane, seconds);
    run.kill("SIGKILL");
    await run.ended;
  };
  return { name, onAll, inventory, completes, changed, killed, expectPackets };
};

type Case = {
  readonly from: Tunnel;
  readonly to: Tunnel;
  /** What is done on h1 while the change waits, and after all. */
  readonly meanwhile?: readonly [string, string];
  /** Looks at what waits on a host, and that nothing is left of it. */
  readonly waits?: { readonly command: string; readonly armed: RegExp; readonly over: string };
};

/** That a change is taken back by the host itself: `from` is deployed before, and `to` after it. */
export const testTakenBack = (quiet: () => TestLab, { from, to, meanwhile, waits }: Case): void => {
  const on = unconfirmedOn(quiet);
  const title = meanwhile === undefined ? "" : `, whatever the clock says (${meanwhile[0]})`;
  test(
    `from ${from} to ${to}, xhost killed before the confirmation: the host takes it back${title}`,
    { timeout: 900_000 },
    async () => {
      const before = await on.onAll(`${STATE}; ${RULES}`);
      await on.killed(to, 60);
      if (meanwhile !== undefined) await quiet().on("h1", meanwhile[0]);
      for (const text of await on.onAll(`ls ${confirmFolder(on.name())}`)) expect(text).toMatch(/^armed$/m);
      if (waits !== undefined) for (const text of await on.onAll(waits.command)) expect(text).toMatch(waits.armed);
      const left = `ls ${confirmFolder(on.name())}`;
      await vi.waitFor(async () => expect(await on.onAll(left)).toEqual(HOSTS.map(() => "undone")), PATIENT);
      expect(await on.onAll(`${STATE}; ${RULES}`)).toEqual(before);
      if (waits !== undefined)
        await vi.waitFor(
          async () => expect(await on.onAll(waits.command)).toEqual(HOSTS.map(() => waits.over)),
          PATIENT,
        );
      await on.expectPackets();
      const stderr = await on.completes(to);
      for (const host of HOSTS)
        expect(stderr).toMatch(
          new RegExp(
            `${host}: a change of links, routes and firewall was not confirmed, and the host took it back at 20`,
          ),
        );
      if (meanwhile !== undefined) await quiet().on("h1", meanwhile[1]);
    },
  );
};

/** That a run which takes over the lock of one that stands still keeps its change; `around` is done on h1 before and after all. */
export const testTakenOver = (quiet: () => TestLab, to: Tunnel, around?: readonly [string, string]): void => {
  const on = unconfirmedOn(quiet);
  const title = around === undefined ? "" : `, with a clock of its own (${around[0]})`;
  test(`a run that takes over a stale lock keeps a change to ${to}${title}`, { timeout: 900_000 }, async () => {
    if (around !== undefined) await quiet().on("h1", around[0]);
    const run = await on.changed(to, 600);
    run.kill("SIGSTOP");
    await on.onAll(`touch -d '-2 minutes' ${lockFile(on.name())}`);
    const stderr = await on.completes(to);
    for (const host of HOSTS)
      expect(stderr).toContain(`${host}: an earlier run ended before its change was confirmed; it is kept`);
    run.kill("SIGKILL");
    await run.ended;
    if (around !== undefined) await quiet().on("h1", around[1]);
    await expectInSync(quiet(), await on.inventory(to));
  });
};
