import { describe, expect, test } from "vitest";
import { health } from "../../src/doctor/checks/health.ts";
import type { Facts } from "../../src/model/facts.ts";
import type { Health } from "../../src/observe/health.ts";
import type { Case } from "../captured.ts";
import { sceneOf } from "./scenes.ts";

describe("what is around the network", () => {
  const calm: Health = {
    clock: { ahead: 0, error: 0.01 },
    conntrack: { count: 10, max: 1000 },
    neighbours: { count: 10, max: 1024 },
    networkd: undefined,
    networkManager: [],
    ufw: true,
    firewalld: false,
  };
  const found = async (sick: Partial<Health>, each: Partial<Case> = {}): Promise<readonly string[]> => {
    const scene = await sceneOf({ moment: "after", ...each });
    const all = new Map(scene.seen.map(({ host }) => [host, host === "h2" ? { ...calm, ...sick } : calm]));
    return health(scene, all).map(({ id, host, severity, seen, remedy }) =>
      [id, host, severity, seen, "|", remedy.command].join(" "),
    );
  };

  test.each<[string, Partial<Health>, readonly string[]]>([
    ["calm, with ufw", {}, []],
    ["a clock that is a little off", { clock: { ahead: 3, error: 0.1 } }, []],
    [
      "a clock that is off",
      { clock: { ahead: -90, error: 0.1 } },
      ["clock h2 warning its clock is 90 s behind the other hosts' | timedatectl set-ntp true"],
    ],
    [
      "a full connection table",
      { conntrack: { count: 1000, max: 1000 } },
      [
        "conntrack-full h2 fault the connection table has 1000 of 1000 entries | sysctl -w net.netfilter.nf_conntrack_max=4000",
      ],
    ],
    [
      "a neighbour table that is about to be full",
      { neighbours: { count: 1000, max: 1024 } },
      [expect.stringMatching(/^neighbour-table h2 warning .*gc_thresh3=4096$/)],
    ],
    ["networkd with other devices", { networkd: { devices: ["eth7"], managesForeignRoutes: true } }, []],
    ["networkd that was told", { networkd: { devices: ["eth0"], managesForeignRoutes: false } }, []],
    [
      "networkd with the device of our routes",
      { networkd: { devices: ["eth0"], managesForeignRoutes: true } },
      [expect.stringMatching(/^networkd-routes h2 warning .*ManageForeignRoutes=no.*restart systemd-networkd$/)],
    ],
    ["NetworkManager with the NIC alone", { networkManager: ["eth0"] }, []],
    [
      "NetworkManager with a device of ours",
      { networkManager: ["xh-capture-app"] },
      [expect.stringMatching(/^networkmanager h2 warning NetworkManager manages xh-capture-app/)],
    ],
    ["firewalld, with our rules in their place", { firewalld: true }, []],
  ])("%s", async (_what, sick, expected) => {
    expect(await found(sick)).toEqual(expected);
  });

  test("firewalld that has taken our rules away", async () => {
    const editFacts = (facts: Facts): Facts => ({ ...facts, tables: new Map() });
    expect(await found({ firewalld: true }, { editFacts })).toEqual([
      expect.stringMatching(/^firewalld h2 fault .*xhost deploy inventory.yml$/),
    ]);
  });

  test("before a deploy there is nothing that firewalld could have taken away", async () => {
    expect(await found({ firewalld: true }, { moment: "before" })).toEqual([]);
  });
});
