// Commit-confirm where systemd runs: a change of tunnels that nobody confirms is taken back by systemd's timer, or by a reboot.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { confirmFolder, confirmUnit } from "../../src/model/names.ts";
import { PATIENT, STATE, testTakenBack, testTakenOver, unconfirmedOn } from "../e2e/faults/unconfirmed.ts";
import { deployed } from "../e2e/plane-table.ts";
import type { TestLab } from "../e2e/xhost.ts";

const A_DAY_AHEAD = ["date -s '+1 day'", "date -s '-1 day'"] as const;

/** Docker orders its own as it comes to them, at boot and later. */
const OUR_RULES = "iptables-save | grep XHOST | sed 's/\\[[0-9:]*\\]//'";

/** To be run on a lab of uml hosts of this name on which nothing is deployed; afterwards nothing is. */
export const testConfirm = (quiet: () => TestLab, name: string): void => {
  const { killed, completes, inventory } = unconfirmedOn(quiet);
  const waits = {
    command: `systemctl list-units --all --plain --no-legend '${confirmUnit(name)}*'`,
    armed: /[.]timer +loaded +active +waiting/,
    over: "",
  };

  describe("a change of planes that nobody confirms", () => {
    beforeAll(async () => {
      await deployed(quiet(), await inventory("ipip"));
    });
    afterAll(async () => {
      await quiet().xhost("destroy", await inventory("ipip"), "--yes");
    });

    testTakenBack(quiet, { from: "ipip", to: "vxlan", waits });
    testTakenBack(quiet, { from: "vxlan", to: "ipip", waits, meanwhile: A_DAY_AHEAD });

    test("a host that reboots meanwhile comes up with what was there before", { timeout: 900_000 }, async () => {
      const on = (command: string): Promise<string> => quiet().on("h1", command);
      const boot = (): Promise<string> => on("cat /proc/sys/kernel/random/boot_id");
      // What was measured, and what was before xhost, is noted as the run that is killed goes on.
      const state = async (): Promise<string> =>
        (await on(`${STATE}; ${OUR_RULES}`)).replaceAll(/^.* \/etc\/xhost\/\S+\/(paths|before)$/gm, "");
      const [before, was] = [await state(), await boot()];
      await killed("vxlan", 900);
      await on("systemctl reboot").catch(() => undefined);
      await vi.waitFor(async () => expect(await boot()).not.toBe(was), PATIENT);
      await vi.waitFor(async () => expect(await state()).toBe(before), PATIENT);
      expect(await on("ls -A /run/xhost 2>/dev/null || true")).toBe("");
      expect(await quiet().on("h2", `ls ${confirmFolder(name)}`)).toMatch(/^armed$/m);
      const stderr = await completes("vxlan");
      expect(stderr).toContain("h2: an earlier run ended before its change was confirmed; it is kept");
      expect(stderr).not.toMatch(/h1: (an earlier run|a change)/);
      // The boot script has loaded it, and has known that nobody else had.
      expect(await on("ls -d /sys/module/ipip || true")).toBe("");
    });

    testTakenOver(quiet, "ipip", A_DAY_AHEAD);
  });
};
