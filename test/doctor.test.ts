// What the lab cannot break, on what real hosts said (test/captures); the rest is in test/e2e/doctor.e2e.ts.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { conflicts } from "../src/doctor/checks/conflicts.ts";
import { examine } from "../src/doctor/checks/examine.ts";
import { health } from "../src/doctor/checks/health.ts";
import type { Scene } from "../src/doctor/checks/scene.ts";
import { settled } from "../src/doctor/checks/settle.ts";
import { unseen } from "../src/doctor/checks/unseen.ts";
import { WHY } from "../src/doctor/ids.ts";
import { XhostError } from "../src/errors.ts";
import { hostPingsOf, needsOf, pairCauses, waysInUse } from "../src/doctor/pairs.ts";
import { covering } from "../src/doctor/sample.ts";
import { endsOf } from "../src/doctor/attribute.ts";
import type { DeepLink, Depth, Space } from "../src/model/depth.ts";
import { fabric } from "../src/model/fabric.ts";
import type { Facts } from "../src/model/facts.ts";
import type { Health } from "../src/observe/health.ts";
import { parseInventory } from "../src/inventory/parse.ts";
import { look, type Case } from "./captured.ts";

const counts = { packets: 0, errors: 0, dropped: 0 };
const linkOf = (link: Facts["interfaces"][number], index: number): DeepLink => ({
  ...link,
  ...{ index, carrier: true, master: undefined, peerIndex: undefined, portState: undefined },
  ...{ isolated: false, hairpin: false, bridgeCallsIptables: false, received: counts, sent: counts },
});

/** A deep look that agrees with the facts and has nothing else. */
const depthOf = ({ interfaces, routes }: Facts, edit: Partial<Space> = {}): Depth => ({
  clock: 0,
  own: {
    links: interfaces.map(linkOf),
    policies: [],
    routes: routes.map((r) => ({
      ...{ table: "main", type: "unicast", onlink: false, flags: [], multipath: false, gateway: undefined },
      ...{ source: undefined, mtu: undefined, ...r },
    })) as Space["routes"],
    ...{
      neighbours: [],
      fdb: [],
      conf: new Map(),
      iptables: new Map(),
      otherIptables: new Map(),
      nft: [],
      variant: "nft",
    },
    ...edit,
  },
  containers: new Map(),
  qdiscs: [],
  wireguard: [],
});

const sceneOf = async (each: Case, edit?: (facts: Facts, host: string) => Partial<Space>): Promise<Scene> => {
  const { inventory, sights } = await look(each);
  const seen = [...sights].flatMap(([host, { facts }]) =>
    facts === undefined ? [] : [{ host, facts, depth: depthOf(facts, edit?.(facts, host)) }],
  );
  return { fabric: fabric(inventory, sights), seen, deploy: "xhost deploy inventory.yml" };
};

const named = async (each: Case, edit?: (facts: Facts, host: string) => Partial<Space>): Promise<readonly string[]> =>
  settled(examine(await sceneOf(each, edit), {})).map(({ id, host, severity }) => `${id} ${host} ${severity}`);

test("hosts on which everything stands have nothing", async () => {
  expect(await named({ moment: "after" })).toEqual([]);
});

test("before a deploy the networks are what is missing, and not all that comes with them", async () => {
  const ids = new Set((await named({ moment: "before" })).map((text) => text.split(" ")[0]));
  expect([...ids].sort()).toEqual(["ip-forward", "network-missing", "rules-missing"].filter((id) => ids.has(id)));
  expect(ids).toContain("network-missing");
});

test("strict reverse path filtering is a fault only where the way back is another one", async () => {
  const strict = (other: boolean) => (facts: Facts, host: string) => ({
    conf: new Map(host === "h1" ? [["eth0.rp_filter", "1"]] : []),
    ...(other && { routes: depthOf(facts).own.routes.map((r) => ({ ...r, device: "eth1" })) }),
  });
  expect(await named({ moment: "after" }, strict(false))).toEqual([]);
  expect(await named({ moment: "after" }, strict(true))).toEqual(["rp-filter h1 fault"]);
});

test("loose filtering for all devices counts for more than strict filtering of one", async () => {
  const conf = new Map([
    ["all.rp_filter", "2"],
    ["eth0.rp_filter", "1"],
  ]);
  const edit = (facts: Facts) => ({
    conf,
    routes: depthOf(facts).own.routes.map((r) => ({ ...r, device: "eth1" })),
  });
  expect(await named({ moment: "after" }, edit)).toEqual([]);
});

test("Docker's nftables backend is named as such", async () => {
  const editFacts = (facts: Facts): Facts => ({ ...facts, firewallBackend: "nftables" });
  const ids = await named({ moment: "after", editFacts });
  expect(ids).toEqual(["engine-backend h1 fault", "engine-backend h2 fault", "engine-backend h3 fault"]);
});

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
      expect.stringMatching(/^firewalld h2 warning .*xhost deploy inventory.yml$/),
    ]);
  });
});

test.each<[string, XhostError, string]>([
  [
    "SSH",
    new XhostError("UNREACHABLE", "cannot connect to root@10.0.0.1:22: no answer", { host: "h1" }),
    "ssh-unreachable | ssh -v root@h1 true",
  ],
  [
    "Docker",
    new XhostError("UNREACHABLE", "info: Docker does not answer within 20 s", { host: "h1" }),
    "docker-unreachable | systemctl start docker 2>/dev/null || service docker start",
  ],
  [
    "programs",
    new XhostError(
      "REMOTE",
      "programs are missing: ip (Debian package iproute2), nsenter (Debian package util-linux)",
      { host: "h1" },
    ),
    "program-missing | apt-get install -y iproute2 util-linux || dnf install -y iproute util-linux || apk add iproute2 util-linux",
  ],
  [
    "root",
    new XhostError("REMOTE", "look at the host: status 1\nthis needs root: log in as root, or set become: sudo", {
      host: "h1",
    }),
    "sudo-refused | ssh root@h1 sudo -n true",
  ],
  [
    "a container, which is no trouble with the engine",
    new XhostError("REMOTE", "start c1: Docker: no such image", { host: "h1" }),
    "host-unreadable | ssh root@h1 true",
  ],
  [
    "the group docker",
    new XhostError("UNREACHABLE", "Docker cannot be reached at /s: permission denied: add me to the group docker", {
      host: "h1",
    }),
    "ssh-unreachable | ssh -v root@h1 true",
  ],
  [
    "anything else",
    new XhostError("REMOTE", "look at the host: status 2", { host: "h1" }),
    "host-unreadable | ssh root@h1 true",
  ],
])("a host that cannot be looked at: %s", (_what, error, expected) => {
  const { id, remedy } = unseen("h1", error, "root@h1");
  expect(`${id} | ${remedy.command}`).toBe(expected);
});

test("a covering part has every pair of hosts both ways, every container as source and target, and what is no ping", () => {
  const hosts = Array.from({ length: 8 }, (_, i) => `h${i}`);
  const text = `name: many
hosts: { ${hosts.map((h, i) => `${h}: 10.0.0.${i + 1}`).join(", ")} }
networks: { app: { pool: 172.30.0.0/16 } }
containers: { ${["a1", "b1", "c1"].map((c) => `${c}: { hosts: all, network: app, image: x }`).join(", ")} }
`;
  const inventory = parseInventory(text, { file: "x.yml", env: {} });
  const ends = endsOf(inventory);
  const chosen = covering(inventory.checks, ends);
  expect(inventory.checks).toHaveLength(24 * 23);
  expect(chosen.length).toBeLessThan(90);
  const pairs = new Set(chosen.map(({ from, to }) => `${ends.get(from)?.host ?? ""} ${ends.get(to)?.host ?? ""}`));
  expect(pairs.size).toBe(64);
  expect(new Set(chosen.map(({ from }) => from)).size).toBe(24);
  expect(new Set(chosen.map(({ to }) => to)).size).toBe(24);
});

test("every id is in docs/doctor.md, with its reason", async () => {
  const text = (await readFile(join(import.meta.dirname, "../docs/doctor.md"), "utf8")).replace(/ +/g, " ");
  for (const [id, why] of Object.entries(WHY)) expect(text).toContain(`| \`${id}\` | ${why} |`);
});

describe("what the packets between the hosts tell", () => {
  /** Bytes that arrive by way, `h1 h2`; everything of full size where nothing is said. */
  const told = async (
    sizes: Readonly<Record<string, number>>,
    { edit, mute = [] }: { edit?: (text: string) => string; mute?: readonly string[] } = {},
  ): Promise<readonly string[]> => {
    const scene = await sceneOf({ moment: "after", ...(edit && { edit }) });
    const needs = needsOf(scene);
    const ways = waysInUse(scene, needs, false);
    expect(ways).toHaveLength(6);
    const measured = ways.map((way) => {
      const bytes = sizes[`${way.from} ${way.to}`] ?? way.mtu;
      return [way, new Map(way.carriers.map((carrier) => [carrier, bytes]))] as const;
    });
    const answered = hostPingsOf(ways).map((ping) => [ping, !mute.includes(`${ping.from} ${ping.to}`)] as const);
    const all = pairCauses(scene, { needs, sizes: new Map(measured), answered: new Map(answered) }, []);
    return all.map(({ id, host, peer, seen, remedy, deployFixes }) =>
      [
        id,
        peer === undefined ? host : `${host} > ${peer}`,
        deployFixes,
        seen,
        "|",
        remedy.command.split("\n").at(-1),
      ].join(" "),
    );
  };
  const auto = (text: string): string => text.replace("plane: route", "plane: auto");
  const reprobe = "xhost deploy inventory.yml --reprobe";

  test("everything arrives", async () => {
    expect(await told({})).toEqual([]);
  });
  test("one direction is lost", async () => {
    expect(await told({ "h1 h2": 0 })).toEqual([
      `foreign-dropped h1 > h2 false packets with container addresses do not arrive from h1 to h2, though they do the other way | ${reprobe}`,
    ]);
  });
  test("with auto a deploy takes another plane", async () => {
    expect(await told({ "h1 h2": 0, "h2 h1": 0 }, { edit: auto })).toEqual([
      `foreign-dropped h1 > h2 true packets with container addresses do not arrive from h1 to h2 nor from h2 to h1 | ${reprobe}`,
    ]);
  });
  test("nothing arrives, pings neither", async () => {
    expect(await told({ "h1 h2": 0, "h2 h1": 0 }, { mute: ["h1 h2", "h2 h1"] })).toEqual([
      `underlay-lost h1 > h2 false neither pings nor packets with container addresses arrive from h1 to h2 nor from h2 to h1 | ${reprobe}`,
    ]);
  });
  test("the way has become narrow", async () => {
    expect(await told({ "h3 h2": 1400, "h2 h3": 1380 })).toEqual([
      `path-mtu h2 > h3 true packets with container addresses arrive from h2 to h3 and from h3 to h2 only up to 1380 bytes, not 1500 | ${reprobe}`,
    ]);
  });
  test("pings alone are no fault", async () => {
    expect(await told({}, { mute: ["h1 h3"] })).toEqual([
      expect.stringMatching(/^underlay-ping h[13] > h[13] false h3 \(10\.211\.55\.13\) does not answer pings of h1/),
    ]);
  });
});

describe("addresses of the fabric that a host has already", () => {
  const remedies = async (
    edit: (text: string) => string,
    route?: Facts["routes"][number],
  ): Promise<readonly string[]> => {
    const editFacts = (f: Facts): Facts => (route === undefined ? f : { ...f, routes: [...f.routes, route] });
    const found = conflicts(await sceneOf({ moment: "before", edit, editFacts }));
    return found.filter(({ host }) => host === "h1").map(({ remedy }) => remedy.command);
  };
  // By names: the file itself is refused with addresses that are in its pool.
  const lan = (text: string): string =>
    text
      .replace(/10\.211\.55\.(\d+)/g, "h$1.example")
      .replace("172.30.0.0/16", "10.211.55.0/24")
      .replace("prefix: 24", "prefix: 26");
  const asIs = (text: string): string => text;
  const route = { destination: "172.30.0.0/16", metric: 0, protocol: "3" } as Facts["routes"][number];

  test("the LAN by which ssh comes in is left alone", async () => {
    const all = await remedies(lan);
    expect(all).toContain("# choose another pool, then\nxhost deploy inventory.yml");
    expect(all.join("\n")).not.toContain("ip address del");
  });
  test("a route of a VPN is left alone, one that leads nowhere may go", async () => {
    const vpn = await remedies(asIs, { ...route, gateway: "10.8.0.1", device: "tun0" });
    expect(vpn).toEqual(["# choose another pool, then\nxhost deploy inventory.yml"]);
    const nowhere = await remedies(asIs, { ...route, gateway: undefined, device: undefined });
    expect(nowhere).toEqual(["# choose another pool; or, if nobody needs it any more,\nip route del 172.30.0.0/16"]);
  });
});
