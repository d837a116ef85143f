// Containers get what the path carries, no more and no less, and TCP never stalls because somebody believed more.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sent, serving, without, type End } from "./packets.ts";
import {
  allOwn,
  allSeen,
  byPlane,
  deployed,
  endsOf,
  expectDownloads,
  expectFullSize,
  expectInSync,
} from "./plane-table.ts";
import { addressOf, setFaults, testLab, type TestLab } from "./xhost.ts";

const name = "ep-mtu";
let lab: TestLab;
let ends: readonly End[];

beforeAll(async () => {
  lab = await testLab(name, 3, "bookworm,sid", { faults: { drop: [], mtu: ["1400"], down: [] } });
  ends = endsOf(lab);
});
afterAll(() => lab.down());

const destroyed = async (file: string): Promise<void> => {
  const { code, stderr } = await lab.xhost("destroy", file, "--yes");
  expect(code, stderr).toBe(0);
};

const mtuOf = async ({ host, container }: End): Promise<number> =>
  Number(await lab.on(host, `docker exec ${container} cat /sys/class/net/eth0/mtu`));

describe.each([
  [1400, { route: 1400, vxlan: 1350, wireguard: 1340 }],
  [9000, { route: 9000, vxlan: 8950, wireguard: 8940 }],
])("an underlay of %i", (underlay, expected) => {
  beforeAll(() => setFaults(lab, { mtu: [String(underlay)] }));

  test.each(["route", "vxlan", "wireguard"] as const)(
    "by %s: containers get what is left, and use all of it",
    async (plane) => {
      const two = ends.slice(0, 2);
      const { pairs } = await deployed(lab, await byPlane(lab, plane, { edit: without("h3") }));
      expect(pairs.map(({ mtu }) => mtu)).toEqual([expected[plane]]);
      expect(await Promise.all(two.map(mtuOf))).toEqual(two.map(() => expected[plane]));
      await expectFullSize(lab, two, expected[plane]);
      await expectDownloads(lab, two);
    },
  );
});

test("the underlay changes: the plan says first what is made anew, deploy does it, and all is connected", async () => {
  const two = ends.slice(0, 2);
  const file = await byPlane(lab, "wireguard", { edit: without("h3") });
  await setFaults(lab);
  const plan = await lab.xhost("plan", file);
  for (const container of ["c1", "c2"])
    expect(plan.stdout).toContain(
      `  - container ${container}: its network app goes\n` +
        `      POST /containers/${container}/stop\n` +
        `      POST /containers/${container}/rename?name=${container}.xhost-old\n` +
        `      POST /networks/app/disconnect {"Container":"${container}.xhost-old","Force":true}\n` +
        `  ± network app: mtu 8940 -> 1440\n`,
    );
  expect(plan.stdout).toContain(`  ~ link xh-${name}-wg: mtu 8940 -> 1440\n`);
  expect(await Promise.all(two.map(mtuOf))).toEqual([8940, 8940]);
  await deployed(lab, file);
  expect(await Promise.all(two.map(mtuOf))).toEqual([1440, 1440]);
  expect(await allSeen(lab, two)).toEqual(await allOwn(lab, two));
  await expectFullSize(lab, two, 1440);
  await expectInSync(lab, file);
  await destroyed(file);
});

describe("one host with 1400 among 1500", () => {
  beforeAll(() => setFaults(lab, { mtu: ["h3=1400"] }));
  let file: string;

  test.each([
    ["route", 1500, 1400],
    ["vxlan", 1450, 1350],
  ] as const)("by %s: each pair has its own, routes say less, containers have the worst", async (plane, full, less) => {
    file = await byPlane(lab, plane);
    const { pairs } = await deployed(lab, file);
    expect(pairs.map(({ hosts, mtu }) => [...hosts, mtu])).toEqual([
      ["h1", "h2", full],
      ["h1", "h3", less],
      ["h2", "h3", less],
    ]);
    const routes = (host: string): Promise<string> =>
      lab.on(host, "ip route show proto 88 | grep -oE 'via [0-9.]+|mtu [0-9]+' | paste -sd' '");
    expect((await routes("h1")).split(" via ").sort()).toEqual(["10.211.55.12", `via 10.211.55.13 mtu ${less}`].sort());
    expect(await routes("h3")).not.toContain("mtu");
    expect(await Promise.all(ends.map(mtuOf))).toEqual([less, less, less]);
    await expectFullSize(lab, ends, less);
    await expectDownloads(lab, ends);
    await expectInSync(lab, file);
  });

  test("a fabric that silently loses what the hosts believe in: the MTU is what was measured", async () => {
    await setFaults(lab, { mtu: ["fabric=1400"] });
    expect(await lab.on("h1", "cat /sys/class/net/eth0/mtu")).toBe("1500");
    const { pairs } = await deployed(lab, file, "--reprobe");
    expect(pairs.map(({ mtu }) => mtu)).toEqual([1350, 1350, 1350]);
    await expectFullSize(lab, ends, 1350);
    await expectDownloads(lab, ends);
    await destroyed(file);
    await setFaults(lab);
  });
});

describe("adopted networks, which believe in 1500, by vxlan", () => {
  const restart =
    "stop-docker; start-docker; for i in $(seq 100); do docker version >/dev/null 2>&1 && break; sleep 0.1; done";
  let file: string;
  let two: readonly [End, End];
  beforeAll(async () => {
    // the other hosts' default bridges have the same range
    await lab.on(
      "h1",
      `sed -i '1s/{/{"bip": "172.29.0.1\\/24",/' /etc/docker/daemon.json; ip link del docker0; ${restart}`,
    );
    await lab.on("h2", "docker network create --subnet 172.28.0.0/24 -o com.docker.network.bridge.name=theirs theirs");
    two = ends.slice(0, 2) as unknown as readonly [End, End];
    file = await lab.inventory("adopted.yml", (text) =>
      without("h3")(serving(text)).replace(
        / {4}pool: .*\n.*\n {4}plane: route/,
        "    plane: vxlan\n    existing: { h1: bridge, h2: theirs }",
      ),
    );
    await deployed(lab, file);
  });

  test("TCP does not stall: both ends learn from the SYN how big segments may be", async () => {
    expect(await Promise.all(two.map(mtuOf))).toEqual([1500, 1500]);
    const rules = await lab.on("h1", "iptables-save -t filter | grep -- '-j TCPMSS --set-mss 1410'");
    expect(rules.split("\n")).toEqual([
      expect.stringMatching(`-s 172.28.0.0/24 -d 172.29.0.0/24 -i xh-${name}-vxlan -o docker0 -p tcp `),
      expect.stringMatching(`-s 172.29.0.0/24 -d 172.28.0.0/24 -i docker0 -o xh-${name}-vxlan -p tcp `),
    ]);
    await expectDownloads(lab, two);
  });

  test("also where nobody gets to know that a packet was too big", async () => {
    const drop = "iptables -t mangle -A POSTROUTING -p icmp --icmp-type fragmentation-needed -j DROP";
    for (const { host } of two) await lab.on(host, drop);
    const [c1, c2] = two;
    expect(await sent(lab, c1, await addressOf(lab, c2.host, c2.container), 1500)).toBe("lost");
    expect(await sent(lab, c1, await addressOf(lab, c2.host, c2.container), 1450)).toBe("arrives");
    await expectDownloads(lab, two);
    await expectInSync(lab, file);
  });

  test("the rules go with the project", async () => {
    await destroyed(file);
    for (const { host } of two) expect(await lab.on(host, "iptables-save")).not.toContain("TCPMSS");
  });
});
