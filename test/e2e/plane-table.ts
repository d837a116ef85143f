// What every plane has to do, as tests over any lab, whatever its hosts are made of.
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Plane } from "../../src/inventory/inventory.ts";
import { linkName } from "../../src/model/names.ts";
import { bothWays, download, seenFrom, sent, sentByHost, serving, type End } from "./packets.ts";
import { addressOf, identity, type Run, type TestLab } from "./xhost.ts";

/** Bytes that a plane adds to each packet, and whose address a masqueraded packet carries: its host's, or that of its host's bridge. */
const PLANES: Readonly<Record<Plane, { readonly overhead: number; readonly hiddenBehind: "host" | "bridge" }>> = {
  route: { overhead: 0, hiddenBehind: "host" },
  ipip: { overhead: 20, hiddenBehind: "bridge" },
  vxlan: { overhead: 50, hiddenBehind: "bridge" },
  wireguard: { overhead: 60, hiddenBehind: "bridge" },
};

/** The containers of a lab's own inventory. */
export const endsOf = (lab: TestLab): readonly End[] =>
  lab.lab.hosts.map(({ name }) => ({ host: name, container: name.replace("h", "c") }));

/** The lab's inventory with containers that serve, its network by that plane, or by whatever is measured, with more keys. */
export const byPlane = (
  lab: TestLab,
  plane: Plane | "auto",
  {
    file = plane,
    more = "",
    edit = (text) => text,
  }: { readonly file?: string; readonly more?: string; readonly edit?: (text: string) => string } = {},
): Promise<string> =>
  lab.inventory(`${file}.yml`, (text) =>
    edit(serving(text).replace(/\n {4}plane: \w+/, "")).replace(/(\n {4}prefix: 24)/, `$1\n    plane: ${plane}${more}`),
  );

type Deployed = {
  readonly pairs: readonly {
    readonly hosts: readonly [string, string];
    readonly plane: Plane | null;
    readonly mtu: number | null;
    readonly attempts: readonly { readonly plane: Plane; readonly why: string; readonly measured: boolean }[];
  }[];
  readonly checks: readonly { readonly from: string; readonly result: string; readonly source: string }[];
};

/** Deploys with exit code 0, and returns what it says as JSON. */
export const deployed = async (lab: TestLab, file: string, ...options: readonly string[]): Promise<Deployed> => {
  const { code, stdout, stderr } = await lab.xhost("deploy", file, "--yes", "--json", ...options);
  expect(code, stdout + stderr).toBe(0);
  return JSON.parse(stdout) as Deployed;
};

/** From every container to every other one: one byte, a full packet of the path, and one byte more. */
export const expectFullSize = async (lab: TestLab, ends: readonly End[], mtu: number): Promise<void> => {
  const sizes = [29, mtu, mtu + 1];
  const pairs = bothWays(ends).map(async ([from, to]) => {
    const address = await addressOf(lab, to.host, to.container);
    const fates = await Promise.all(sizes.map((bytes) => sent(lab, from, address, bytes)));
    return `${from.container} to ${to.container}: ${fates.join(", ")}`;
  });
  expect(await Promise.all(pairs)).toEqual(
    bothWays(ends).map(([from, to]) => `${from.container} to ${to.container}: arrives, arrives, too big`),
  );
};

/** 50 MB from each container to the next one, and from the last to the first. */
export const expectDownloads = async (lab: TestLab, ends: readonly End[]): Promise<void> => {
  for (const [i, by] of ends.entries()) {
    const of = ends[(i + 1) % ends.length]!;
    const { sent: there, got } = await download(lab, { by, of });
    expect(got, `${of.container} to ${by.container}`).toBe(there);
  }
};

/** What every container sees of every other one's address, in the order of `bothWays`. */
export const allSeen = (lab: TestLab, ends: readonly End[]): Promise<readonly string[]> =>
  Promise.all(bothWays(ends).map(([from, to]) => seenFrom(lab, from, to)));

/** The addresses that they really have, in the same order. */
export const allOwn = (lab: TestLab, ends: readonly End[]): Promise<readonly string[]> =>
  Promise.all(bothWays(ends).map(([from]) => addressOf(lab, from.host, from.container)));

/** Nothing to do, and told so by `deploy` and `status`. */
export const expectInSync = async (lab: TestLab, file: string): Promise<void> => {
  const again = await lab.xhost("deploy", file, "--yes");
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("Nothing to do.")]);
  const status = await lab.xhost("status", file, "--json");
  const { hosts } = JSON.parse(status.stdout) as { hosts: { state: string }[] };
  expect(new Set(hosts.map(({ state }) => state))).toEqual(new Set(["in sync"]));
};

/** The tests of one plane between all hosts of a lab on which nothing is deployed; afterwards nothing is. */
export const testPlane = (plane: Plane, quiet: () => TestLab, underlay = 1500): void => {
  const mtu = underlay - PLANES[plane].overhead;
  let file: string;
  const said: Run[] = [];
  const before = new Map<string, string>();
  const lab = (): TestLab => ({ ...quiet(), xhost: async (...args) => noted(await quiet().xhost(...args)) });
  const noted = (run: Run): Run => {
    said.push(run);
    return run;
  };
  const hosts = (): readonly string[] => lab().lab.hosts.map(({ name }) => name);

  describe(`plane ${plane}`, () => {
    beforeAll(async () => {
      file = await byPlane(lab(), plane);
      for (const host of hosts()) before.set(host, await lab().snapshot(host));
    });

    test("a deploy from nothing: every container reaches every other one with its own address", async () => {
      const { pairs, checks } = await deployed(lab(), file);
      for (const pair of pairs) expect(pair).toMatchObject({ plane, mtu });
      const ends = endsOf(lab());
      expect(pairs).toHaveLength((ends.length * (ends.length - 1)) / 2);
      expect(checks.map(({ result }) => result)).toEqual(bothWays(ends).map(() => "ok"));
      expect(await allSeen(lab(), ends)).toEqual(await allOwn(lab(), ends));
    });

    test("packets of one byte and of full size pass whole, and one byte more is said to be too big", async () => {
      await expectFullSize(lab(), endsOf(lab()), mtu);
    });

    test("50 MB arrive as they were sent", async () => {
      await expectDownloads(lab(), endsOf(lab()));
    });

    test("a host itself reaches the containers of the others", async () => {
      for (const [from, to] of bothWays(endsOf(lab()))) {
        const address = await addressOf(lab(), to.host, to.container);
        expect(await sentByHost(lab(), from.host, address), `${from.host} to ${to.container}`).toBe("arrives");
      }
    });

    test("a second deploy has nothing to do, and status says in sync", async () => {
      const [was, state] = [await identities(lab()), await states(lab(), hosts())];
      await expectInSync(lab(), file);
      expect(await identities(lab())).toEqual(was);
      expect(await states(lab(), hosts())).toEqual(state);
    });

    test("its boot scripts: down.sh takes it away, up.sh brings it back, and changes nothing of what stands", async () => {
      const folder = `/etc/xhost/${lab().lab.name}`;
      // wireguard-go starts anew, with another pid.
      const standing = async () => (await states(lab(), hosts())).map((state) => state.replaceAll(/^\d+$/gm, "PID"));
      const state = await standing();
      for (const host of hosts()) await lab().on(host, `sh ${folder}/down.sh`);
      const ours = "ip -4 route show proto 88; ip -o link | grep -o 'alias xhost:.*'; iptables-save | grep XHOST; true";
      for (const host of hosts()) expect(await lab().on(host, ours), host).toBe("");
      for (const host of hosts()) await lab().on(host, `sh ${folder}/up.sh && sh ${folder}/up.sh`);
      expect(await standing()).toEqual(state);
      expect(await allSeen(lab(), endsOf(lab()))).toEqual(await allOwn(lab(), endsOf(lab())));
    });

    if (plane === "vxlan")
      test("eject writes what is on the hosts, and a README, into a new folder alone", async () => {
        const folder = join(lab().folder, "ejected");
        const { code, stderr } = await lab().xhost("eject", file, folder);
        expect(code, stderr).toBe(0);
        for (const host of hosts()) {
          const names = await readdir(join(folder, host));
          expect(names).toEqual(expect.arrayContaining(["down.sh", "rules", "up.sh"]));
          for (const name of names) {
            const own = name.startsWith("xhost-") ? "/etc/systemd/system" : `/etc/xhost/${lab().lab.name}`;
            const text = await readFile(join(folder, host, name), "utf8");
            expect(await lab().on(host, `cat ${own}/${name}`), `${host} ${name}`).toBe(text.trimEnd());
          }
        }
        expect(await readFile(join(folder, "README.md"), "utf8")).toContain(hosts().join(", "));
        expect(await lab().xhost("eject", file, folder)).toMatchObject({ code: 3, stdout: "" });
        await rm(folder, { recursive: true });
      });

    if (plane === "wireguard")
      test("the private key is root's alone and in nothing that is printed", async () => {
        for (const host of hosts()) {
          const name = `/etc/xhost/${lab().lab.name}/wireguard.key`;
          expect(await lab().on(host, `stat -c '%n %a %U' /etc/xhost/*/*key*`)).toBe(`${name} 600 root`);
          const key = (await lab().on(host, `cat ${name}`)).trim();
          expect(key).toMatch(/^[A-Za-z0-9+/]{43}=$/);
          expect(said.length).toBeGreaterThan(2);
          for (const { stdout, stderr } of said) expect(stdout + stderr).not.toContain(key);
        }
      });

    test("destroy leaves nothing", async () => {
      const { code, stderr } = await lab().xhost("destroy", file, "--yes");
      expect(code, stderr).toBe(0);
      for (const host of hosts()) expect(await lab().snapshot(host), host).toBe(before.get(host));
    });
  });
};

/** That planes follow each other between all hosts of a lab on which nothing is deployed; afterwards nothing is. */
export const testSwitching = (planes: readonly Plane[], lab: () => TestLab): void => {
  test(`${planes.join(" -> ")} in place: each connects, and leaves nothing of the one before`, async () => {
    const hosts = lab().lab.hosts.map(({ name }) => name);
    const before = await states(lab(), hosts);
    let file = "";
    for (const plane of planes) {
      file = await byPlane(lab(), plane);
      await deployed(lab(), file);
      expect(await allSeen(lab(), endsOf(lab())), plane).toEqual(await allOwn(lab(), endsOf(lab())));
      for (const host of hosts)
        expect(await tunnels(lab(), host)).toBe(plane === "route" ? "" : linkName(lab().lab.name, plane));
    }
    await expectInSync(lab(), file);
    expect((await lab().xhost("destroy", file, "--yes")).code).toBe(0);
    expect(await states(lab(), hosts)).toEqual(before);
  });
};

/** Masquerading by each plane between all hosts of a lab on which nothing is deployed; afterwards nothing is. */
export const testMasquerade = (planes: readonly Plane[], lab: () => TestLab): void => {
  describe("masquerade between hosts", () => {
    let file: string;
    const before: string[] = [];
    const hosts = (): readonly string[] => lab().lab.hosts.map(({ name }) => name);
    beforeAll(async () => {
      before.push(...(await states(lab(), hosts())));
    });

    test.each(planes)("by %s: the container's address is not seen, and packets pass", async (plane) => {
      file = await byPlane(lab(), plane, { more: "\n    masquerade: true" });
      await deployed(lab(), file);
      const ends = endsOf(lab());
      const behind = bothWays(ends).map(([from]) => hiding(lab(), from.host, PLANES[plane].hiddenBehind));
      expect(await allSeen(lab(), ends)).toEqual(await Promise.all(behind));
      expect((await lab().xhost("plan", file)).stdout).toContain("Nothing to do.");
    });

    test("destroy leaves nothing", async () => {
      expect((await lab().xhost("destroy", file, "--yes")).code).toBe(0);
      expect(await states(lab(), hosts())).toEqual(before);
    });
  });
};

/** Devices of ours on a host that are no bridge. */
const tunnels = (lab: TestLab, host: string): Promise<string> =>
  lab.on(host, `cd /sys/class/net && for d in xh-*; do test -d $d/bridge || test ! -d $d || echo $d; done`);

const states = (lab: TestLab, hosts: readonly string[]): Promise<readonly string[]> =>
  Promise.all(hosts.map((host) => lab.snapshot(host)));

const identities = (lab: TestLab): Promise<readonly string[]> =>
  Promise.all(endsOf(lab).map(({ host, container }) => identity(lab, host, container)));

const hiding = async (lab: TestLab, host: string, behind: "host" | "bridge"): Promise<string> =>
  behind === "host"
    ? (lab.lab.hosts.find(({ name }) => name === host)?.address ?? "")
    : (await lab.on(host, "docker network inspect -f '{{(index .IPAM.Config 0).Gateway}}' app")).trim();
