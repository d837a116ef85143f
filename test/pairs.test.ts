import { describe, expect, it } from "vitest";
import type { Facts } from "../src/model/facts.ts";
import { able, ALL, measured, pair } from "./evidence.ts";

describe("auto takes the leanest plane", () => {
  it.each([
    ["all passes", ALL, ALL, "route", 1500],
    ["foreign addresses are lost", { ...ALL, foreign: 0 }, ALL, "ipip", 1480],
    ["foreign addresses are lost on the way back only", ALL, { ...ALL, foreign: 0 }, "ipip", 1480],
    ["protocol 4 is lost too", { ...ALL, foreign: 0, proto4: 0 }, ALL, "vxlan", 1450],
    [
      "only wireguard's port passes",
      { "udp:51820": 1500, foreign: 0, proto4: 0, "udp:4789": 0 },
      ALL,
      "wireguard",
      1440,
    ],
    [
      "the underlay is narrow",
      { foreign: 1400, proto4: 1400, "udp:4789": 1400, "udp:51820": 1400 },
      ALL,
      "route",
      1400,
    ],
    ["big foreign packets are lost and others' are not", { ...ALL, foreign: 600 }, ALL, "ipip", 1480],
    ["the ways there and back differ", { ...ALL, proto4: 1400, foreign: 0 }, { ...ALL, foreign: 0 }, "vxlan", 1450],
  ] as const)("when %s", async (_what, there, back, plane, mtu) => {
    expect(pair(await measured(there, back))).toMatchObject({ plane, mtu });
  });

  it("says why not the others", async () => {
    const { attempts, at } = pair(await measured({ ...ALL, foreign: 0, proto4: 0 }, ALL));
    expect(attempts.map(({ plane, why }) => `${plane}: ${why}`)).toEqual([
      "route: packets with container addresses do not arrive from h1 to h2",
      "ipip: packets of IP protocol 4 do not arrive from h1 to h2",
      "vxlan: packets to UDP port 4789 of 1500 bytes arrive both ways",
      "wireguard: packets to UDP port 51820 of 1500 bytes arrive both ways",
    ]);
    expect(at).toBe("2026-11-22T12:00:00Z");
  });

  it("and with `encrypt` wireguard alone", async () => {
    const edit = (t: string): string => t.replace("plane: route", "encrypt: true");
    expect(pair(await measured(ALL, ALL, { edit }))).toMatchObject({ plane: "wireguard", mtu: 1440 });
  });

  it("but not one that a kernel has no module for", async () => {
    const unable = (f: Facts): Facts => ({
      ...f,
      modules: new Map([
        ["ipip", "none"],
        ["vxlan", "none"],
        ["wireguard", "none"],
      ]),
    });
    const { plane, attempts } = pair(await measured({ ...ALL, foreign: 0 }, ALL, { editFacts: unable }));
    expect(plane).toBe("wireguard");
    expect(attempts[1]?.why).toMatch(/^the kernel of h1 \(.*\) has no module ipip$/);
  });

  it("and not ipip where another device has those packets", async () => {
    const taken = (f: Facts): Facts => ({
      ...able(f),
      interfaces: [
        ...f.interfaces,
        {
          name: "flannel.ipip",
          mtu: 1480,
          addresses: [],
          up: true,
          type: "ipip",
          tunnel: { local: f.sshAddress, remote: undefined, vni: undefined, port: undefined, checksum: undefined },
        },
      ],
    });
    const { plane, attempts } = pair(await measured({ ...ALL, foreign: 0 }, ALL, { editFacts: taken }));
    expect(plane).toBe("vxlan");
    expect(attempts[1]?.why).toBe("the device flannel.ipip of h1 has the IPIP packets from h2 already");
  });

  it("and vxlan by a port that Swarm does not have", async () => {
    const swarm = (f: Facts): Facts => ({ ...able(f), swarm: true });
    const whole = await measured({ foreign: 0, proto4: 0, "udp:8472": 1500, "udp:51820": 1500 }, undefined, {
      editFacts: swarm,
    });
    expect(whole.ports.vxlan).toBe(8472);
    expect(pair(whole)).toMatchObject({ plane: "vxlan" });
  });
});
