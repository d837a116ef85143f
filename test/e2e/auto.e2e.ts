// What `auto` makes of fabrics that pass this and drop that, what it says of it, and what it keeps.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { linkName, vniOf } from "../../src/model/names.ts";
import { serving, without } from "./packets.ts";
import { allOwn, allSeen, byPlane, deployed, endsOf, expectDownloads, expectInSync } from "./plane-table.ts";
import { setFaults, testLab, type TestLab } from "./xhost.ts";

const name = "ep-auto";
let lab: TestLab;

// h1 and h3 are on one segment, h2 behind the router
beforeAll(async () => {
  lab = await testLab(name, 3, "bookworm,sid,sid", { segments: 2 });
});
afterAll(() => lab.down());

const MEASURING = "Measure the ways between the hosts";
const foreignLost = "packets with container addresses do not arrive from h1 to h3 nor from h3 to h1";
const noIpip = /^the kernel of h1 \(.*\) has no module ipip$/;

/** The lab's network by `auto`, which is what an inventory without a plane means, between some of the hosts. */
const auto = (file: string, gone: readonly string[], more = ""): Promise<string> =>
  lab.inventory(file, (text) =>
    gone.reduce((all, host) => without(host)(all), serving(text)).replace("prefix: 24", `prefix: 24${more}`),
  );

const snapshots = (): Promise<readonly string[]> =>
  Promise.all(lab.lab.hosts.map(({ name: host }) => lab.snapshot(host)));

const destroyed = async (file: string): Promise<void> => {
  const { code, stderr } = await lab.xhost("destroy", file, "--yes");
  expect(code, stderr).toBe(0);
};

describe("three hosts, one of them on another segment", () => {
  let file: string;
  let before: readonly string[];
  beforeAll(async () => {
    file = await auto("auto.yml", []);
    expect(file).not.toContain("plane:");
    before = await snapshots();
  });

  test("planes are mixed in one network: by route on the segment, by vxlan beyond, and all reach each other", async () => {
    const { pairs } = await deployed(lab, file);
    expect(pairs.map(({ hosts, plane, mtu }) => [...hosts, plane, mtu])).toEqual([
      ["h1", "h2", "vxlan", 1450],
      ["h1", "h3", "route", 1500],
      ["h2", "h3", "vxlan", 1450],
    ]);
    expect(pairs[0]?.attempts).toMatchObject([
      {
        plane: "route",
        measured: false,
        why: expect.stringMatching(/h2 \(.*\) is not on the same segment/) as unknown,
      },
      { plane: "ipip", measured: false, why: expect.stringMatching(noIpip) as unknown },
      { plane: "vxlan", measured: true, why: "packets to UDP port 4789 of 1500 bytes arrive both ways" },
      { plane: "wireguard", measured: true, why: "packets to UDP port 51820 of 1500 bytes arrive both ways" },
    ]);
    expect(await lab.on("h1", "ip route show proto 88 | grep -o 'dev [^ ]*' | sort")).toBe(
      `dev eth0\ndev ${linkName(name, "vxlan")}`,
    );
    const ends = endsOf(lab);
    expect(await allSeen(lab, ends)).toEqual(await allOwn(lab, ends));
    await expectDownloads(lab, ends);
  });

  test("what was measured is kept on the hosts, shown by status, and not measured again", async () => {
    const kept = await lab.on("h1", `cat /etc/xhost/${name}/paths`);
    expect(kept.split("\n")).toEqual([
      expect.stringMatching(/^h2 10\.211\.55\.11 10\.211\.56\.12 1500 udp:4789=1500,udp:51820=1500 20\d\d-.*Z$/),
      expect.stringMatching(/^h3 10\.211\.55\.11 10\.211\.55\.13 1500 foreign=1500,udp:4789=1500,udp:51820=1500 20/),
    ]);
    const again = await lab.xhost("deploy", file, "--yes");
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("Nothing to do.")]);
    expect(again.stderr).not.toContain(MEASURING);
    const { stdout } = await lab.xhost("status", file);
    expect(stdout).toMatch(/^app +h1 - h3 +route +1500 +packets with container addresses of 1500 bytes/m);
    expect(stdout).toMatch(/^ +vxlan: packets to UDP port 4789 of 1500 bytes arrive both ways/m);
    const asked = await lab.xhost("plan", file, "--reprobe");
    expect([asked.code, asked.stderr]).toEqual([0, expect.stringContaining(MEASURING)]);
    expect(await lab.on("h1", `cat /etc/xhost/${name}/paths`)).toBe(kept);
  });

  test("encrypt: true goes by wireguard, whatever leaner plane would cross", async () => {
    const encrypted = await auto("encrypt.yml", [], "\n    encrypt: true");
    const { pairs } = await deployed(lab, encrypted);
    expect(pairs.map(({ plane, mtu, attempts }) => [plane, mtu, attempts.length])).toEqual(
      pairs.map(() => ["wireguard", 1440, 1]),
    );
    expect(await allSeen(lab, endsOf(lab))).toEqual(await allOwn(lab, endsOf(lab)));
    await expectInSync(lab, encrypted);
    await destroyed(encrypted);
    expect(await snapshots()).toEqual(before);
  });
});

describe("two hosts on one segment", () => {
  let file: string;
  let ends: ReturnType<typeof endsOf>;
  beforeAll(async () => {
    file = await auto("segment.yml", ["h2"]);
    ends = endsOf(lab).filter(({ host }) => host !== "h2");
  });
  afterEach(() => setFaults(lab));

  const chosen = async (...options: readonly string[]) => {
    const { pairs } = await deployed(lab, file, ...options);
    expect(await allSeen(lab, ends)).toEqual(await allOwn(lab, ends));
    return { plane: pairs[0]?.plane, why: pairs[0]?.attempts.map((tried) => `${tried.plane}: ${tried.why}`) };
  };

  test("all is dropped: nothing is changed, and every plane is named with what was seen", async () => {
    await setFaults(lab, { drop: ["foreign-sources", "udp", "proto4"] });
    const before = await snapshots();
    const { code, stdout, stderr } = await lab.xhost("deploy", file, "--yes");
    expect([code, stdout]).toEqual([1, ""]);
    const lost = (port: number): string => `packets to UDP port ${port} do not arrive from h1 to h3 nor from h3 to h1`;
    expect(stderr.split("\n").filter((line) => line.startsWith("h"))).toEqual([
      expect.stringMatching(
        new RegExp(
          `^h1: network app: no plane crosses between h1 and h3: route: ${foreignLost}; ipip: the kernel of h1 \\(.*\\) has no module ipip; vxlan: ${lost(4789)}; wireguard: ${lost(51820)}: let the fabric`,
        ),
      ),
    ]);
    expect(await snapshots()).toEqual(before);
  });

  test("foreign sources and the port of vxlan are dropped: wireguard", async () => {
    await setFaults(lab, { drop: ["foreign-sources", "udp:4789"] });
    const { plane, why } = await chosen();
    expect(plane).toBe("wireguard");
    expect(why?.[0]).toBe(`route: ${foreignLost}`);
    expect(why?.[2]).toBe("vxlan: packets to UDP port 4789 do not arrive from h1 to h3 nor from h3 to h1");
  });

  test("foreign sources are dropped: vxlan, and the plan says why", async () => {
    await setFaults(lab, { drop: ["foreign-sources"] });
    const plan = await lab.xhost("plan", file, "--reprobe");
    expect(plan.stdout).toMatch(new RegExp(`^app +h1 - h3 +vxlan +1450 +route: ${foreignLost} `, "m"));
    expect((await chosen("--reprobe")).plane).toBe("vxlan");
  });

  test("healed: what is known stands until --reprobe, which goes back to route", async () => {
    const before = await lab.xhost("deploy", file, "--yes");
    expect([before.code, before.stdout]).toEqual([0, expect.stringContaining("Nothing to do.")]);
    expect((await chosen("--reprobe")).plane).toBe("route");
    expect(await lab.on("h1", "ip -br link")).not.toContain(linkName(name, "vxlan"));
    await expectInSync(lab, file);
  });

  test("one direction alone is lost: no plane is taken that only carries the other", async () => {
    await setFaults(lab, { drop: ["foreign-sources@from-h3"] });
    const { plane, why } = await chosen("--reprobe");
    expect(plane).toBe("vxlan");
    expect(why?.[0]).toBe("route: packets with container addresses do not arrive from h3 to h1");
    await destroyed(file);
  });
});

describe("UDP port 4789", () => {
  const vxlanOf = (host: string): Promise<string> =>
    lab.on(
      host,
      `ip -d -j link show type vxlan | grep -oE '"(ifname|id|port)":"?[a-z0-9-]+' | cut -d: -f2 | tr -d '"'`,
    );

  test("two projects on the same hosts have ports and VNIs of their own, and one goes without the other", async () => {
    const before = await snapshots();
    const project = (own: string, network: string, pool: string): Promise<string> =>
      byPlane(lab, "vxlan", {
        file: own,
        edit: (text) =>
          without("h2")(text)
            .replace(/^name: .*/m, `name: ${own}`)
            .replace("  app:", `  ${network}:`)
            .replaceAll("network: app", `network: ${network}`)
            .replaceAll(/^ {2}c(\d):/gm, `  ${network}$1:`)
            .replace("172.30.0.0/16", pool),
      });
    const [one, two] = [await project("one", "red", "172.30.0.0/16"), await project("two", "blue", "172.31.0.0/16")];
    const ends = (network: string) => ["h1", "h3"].map((host) => ({ host, container: host.replace("h", network) }));
    for (const file of [one, two]) await deployed(lab, file);
    for (const network of ["red", "blue"])
      expect(await allSeen(lab, ends(network))).toEqual(await allOwn(lab, ends(network)));
    for (const host of ["h1", "h3"])
      expect((await vxlanOf(host)).split("\n")).toEqual([
        ...["xh-one-vxlan", String(vniOf("one")), "4789"],
        ...["xh-two-vxlan", String(vniOf("two")), "8472"],
      ]);
    await expectInSync(lab, one);
    await destroyed(one);
    await expectInSync(lab, two);
    expect(await allSeen(lab, ends("blue"))).toEqual(await allOwn(lab, ends("blue")));
    await destroyed(two);
    expect(await snapshots()).toEqual(before);
  });

  test("a host of a Swarm keeps it", async () => {
    await lab.on("h1", "docker swarm init --advertise-addr 10.211.55.11");
    const file = await byPlane(lab, "vxlan", { edit: without("h2") });
    await deployed(lab, file);
    const ends = endsOf(lab).filter(({ host }) => host !== "h2");
    expect(await allSeen(lab, ends)).toEqual(await allOwn(lab, ends));
    for (const host of ["h1", "h3"])
      expect(await vxlanOf(host)).toBe(`${linkName(name, "vxlan")}\n${vniOf(name)}\n8472`);
    await expectInSync(lab, file);
    await destroyed(file);
    await lab.on("h1", "docker swarm leave --force");
  });
});

describe("a host behind a NAT", () => {
  const table = "ip ep_nat";
  beforeAll(() =>
    lab.on(
      "fabric",
      `nft 'add table ${table}; add chain ${table} out { type nat hook postrouting priority srcnat; };
       add rule ${table} out oifname br0 ip saddr 10.211.56.12 masquerade random'`,
    ),
  );
  afterAll(() => lab.on("fabric", `nft delete table ${table}`));

  test("is reached by wireguard, which it keeps open itself", async () => {
    const file = await lab.inventory("nat.yml", (text) =>
      without("h3")(serving(text)).replace(/(h2: .*\}) \}/, "$1, address: 10.211.55.1 }"),
    );
    const { pairs } = await deployed(lab, file);
    expect(pairs[0]).toMatchObject({ hosts: ["h1", "h2"], plane: "wireguard" });
    expect(pairs[0]?.attempts[2]?.why).toBe("packets to UDP port 4789 do not arrive from h1 to h2");
    expect(await lab.on("h2", "wg show all persistent-keepalive")).toMatch(/\t25$/);
    // not the endpoint that the plan gave it: the port is the NAT's
    expect(await lab.on("h1", "wg show all endpoints")).toMatch(/\t10\.211\.55\.1:(?!51820$)\d+$/);
    const ends = endsOf(lab).slice(0, 2);
    expect(await allSeen(lab, ends)).toEqual(await allOwn(lab, ends));
    await expectDownloads(lab, ends);
    await expectInSync(lab, file);
    await destroyed(file);
  });
});
