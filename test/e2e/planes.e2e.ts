// Every plane on both engines and between them; hosts that go, are down, or only pretend to belong.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labStart, labStop } from "../../src/lab/power.ts";
import { macOf, vniOf } from "../../src/model/names.ts";
import { sent, without } from "./packets.ts";
import { allOwn, allSeen, byPlane, deployed, endsOf, expectInSync } from "./plane-table.ts";
import { testMasquerade, testPlane, testSwitching } from "./plane-table.ts";
import { addressOf, ENGINES, identity, testLab, type TestLab } from "./xhost.ts";

const PLANES = ["route", "vxlan", "wireguard"] as const;

describe.each(ENGINES)("planes on %s", (_title, engine) => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await testLab(`ep-${engine.slice(0, 2)}`, 2, engine);
  });
  afterAll(() => lab.down());

  for (const plane of PLANES) testPlane(plane, () => lab);
});

describe("planes between three hosts of both engines", () => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await testLab("ep-mix", 3, "bookworm,sid");
  });
  afterAll(() => lab.down());

  for (const plane of PLANES) testPlane(plane, () => lab);
  testSwitching([...PLANES, "route"], () => lab);
  testMasquerade(PLANES, () => lab);

  /** All that leads from a host to others, a thing a line. */
  const ways = async (host: string): Promise<readonly string[]> =>
    (
      await lab.on(
        host,
        `ip -4 route show proto 88; ip neigh show nud permanent; bridge fdb show | grep dst;
         ip -d -o link | grep -oE 'xh-ep-mix-(vxlan|wg): .* mtu [0-9]+'; iptables-save | grep XHOST | grep -v 'XHOST-ep-mix.i -s';
         for d in $(wg show interfaces); do for what in endpoints allowed-ips persistent-keepalive; do wg show $d $what; done; done`,
      )
    )
      .split("\n")
      .map((line) => line.trim())
      .sort();

  /** Whose tunnel packets a host takes. */
  const sources = (host: string): Promise<string> =>
    lab.on(host, "iptables -S XHOST-ep-mix.i | grep -oE -- '-s [0-9./]+'");

  describe.each(["vxlan", "wireguard"] as const)("a third host by %s", (plane) => {
    const [kept, others] = [["h1", "h2"] as const, ["c1", "c2"] as const];
    let file: string;
    beforeAll(async () => {
      file = await byPlane(lab, plane);
      await deployed(lab, file);
    });
    afterAll(async () => {
      expect((await lab.xhost("destroy", await byPlane(lab, plane), "--yes")).code).toBe(0);
    });

    test("is down: what leads to it stays while others change, and it comes back", async () => {
      const before = await Promise.all(kept.map(ways));
      await labStop({ name: "ep-mix", host: "h3" });
      const changed = await byPlane(lab, plane, {
        file: "changed",
        edit: (text) => text.replace("c1: { host: h1,", "c1: { host: h1, environment: { A: b },"),
      });
      const { code, stdout, stderr } = await lab.xhost("deploy", changed, "--yes", "--timeout", "5");
      expect(code, stderr).toBe(4);
      expect(stdout).toContain("1 host: 0 to add, 0 to change, 1 to replace, 0 to remove.");
      expect(await Promise.all(kept.map(ways))).toEqual(before);
      await labStart({ name: "ep-mix", host: "h3" });
      await deployed(lab, changed);
      expect(await allSeen(lab, endsOf(lab))).toEqual(await allOwn(lab, endsOf(lab)));
      expect(await Promise.all(kept.map(ways))).toEqual(before);
    });

    test("is removed from the inventory: all that led to it goes from the others, and nothing else", async () => {
      const [block, key] = [
        await lab.on("h3", "ip -4 -o address show dev xh-ep-mix-app | grep -oE '172[0-9.]+\\.' | head -n 1"),
        plane === "wireguard" ? await lab.on("h3", "wg show all public-key | cut -f 2") : "no key",
      ];
      const isIts = (line: string): boolean =>
        ["10.211.55.13", macOf("10.211.55.13"), block.trim(), key.trim()].some((its) => line.includes(its));
      await deployed(lab, file);
      const before = await Promise.all(kept.map(ways));
      const were = await Promise.all(kept.map((host, i) => identity(lab, host, others[i]!)));
      const less = await byPlane(lab, plane, { file: "less", edit: without("h3") });
      await deployed(lab, less);
      for (const [i, host] of kept.entries()) {
        const gone = before[i]!.filter(isIts);
        expect(gone.length, gone.join("\n")).toBeGreaterThan(5);
        expect(await ways(host), host).toEqual(before[i]!.filter((line) => !isIts(line)));
      }
      expect(await Promise.all(kept.map(sources))).toEqual(["-s 10.211.55.12/32", "-s 10.211.55.11/32"]);
      expect(await Promise.all(kept.map((host, i) => identity(lab, host, others[i]!)))).toEqual(were);
      const ends = endsOf(lab);
      expect(await allSeen(lab, ends.slice(0, 2))).toEqual(await allOwn(lab, ends.slice(0, 2)));
      expect(await sent(lab, ends[0]!, await addressOf(lab, "h3", "c3"))).not.toBe("arrives");
      await expectInSync(lab, less);
    });
  });

  test("a forged VXLAN packet of a stranger does not reach the container, the same of a peer does", async () => {
    const file = await byPlane(lab, "vxlan", { edit: without("h3") });
    await deployed(lab, file);
    const [target, pretended] = [await addressOf(lab, "h1", "c1"), await addressOf(lab, "h2", "c2")];
    const forge = (host: string): Promise<string> =>
      lab.on(host, `perl -e '${FORGE}' 10.211.55.11 4789 ${vniOf("ep-mix")} ${pretended} ${target}`);
    // of packets to a port on which nobody listens
    const arrived = async (): Promise<number> =>
      Number(await lab.on("h1", `docker exec c1 awk '/^Udp: [0-9]/ { print $3 }' /proc/net/snmp`));
    const dropped = async (): Promise<number> =>
      Number(await lab.on("h1", `iptables -nvxL XHOST-ep-mix.i | awk '$3 == "DROP" { print $1 }'`));
    const [count, drops] = [await arrived(), await dropped()];
    await forge("h3");
    await expect.poll(dropped, { timeout: 30_000 }).toBe(drops + 3);
    expect(await arrived()).toBe(count);
    await forge("h2");
    await expect.poll(arrived, { timeout: 30_000 }).toBe(count + 3);
    expect(await dropped()).toBe(drops + 3);
    expect((await lab.xhost("destroy", file, "--yes")).code).toBe(0);
  });
});

/**
 * Sends three VXLAN packets (RFC 7348) with a UDP packet for port 9999 inside: outer address, port, VNI, and the addresses inside. The
 * Ethernet address is that of the device which has the outer address, as xhost gives it.
 */
const FORGE = [
  `use Socket; ($to, $port, $vni, $from, $dst) = @ARGV;`,
  `$mac = pack("C6", 0x0e, 0x88, split(/[.]/, $to));`,
  `$udp = pack("nnnn", 5555, 9999, 8 + 5, 0) . "forge";`,
  `@head = (0x4500, 20 + length($udp), 1, 0, 0x4011, 0, unpack("n4", inet_aton($from) . inet_aton($dst)));`,
  `$sum += $_ for @head; $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16; $head[5] = ~$sum & 0xffff;`,
  `$packet = pack("CxxxN", 8, $vni << 8) . $mac . "\\x0e\\x88\\x01\\x02\\x03\\x04" . pack("n", 0x800) . pack("n10", @head) . $udp;`,
  `socket(S, PF_INET, SOCK_DGRAM, 17) or die;`,
  `for (1 .. 3) { send(S, $packet, 0, sockaddr_in($port, inet_aton($to))) or die }`,
].join(" ");
