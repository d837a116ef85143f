// What breaks a way between containers, and the hop, host and rule or route that `trace` names for it: with packets, and without.
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Faults } from "../../src/lab/record.ts";
import { linkName } from "../../src/model/names.ts";
import { byPlane, deployed } from "./plane-table.ts";
import { addressOf, setFaults, testLab, type TestLab } from "./xhost.ts";

const name = "ep-trc";
let lab: TestLab;
let addresses: Readonly<Record<"C1" | "C2" | "NET1" | "NET2", string>>;

beforeAll(async () => {
  // c1 on Docker 20.10, c2 on 28.5
  lab = await testLab(name, 2, "bookworm,sid");
});
afterAll(() => lab.down());

type Hop = {
  readonly host: string;
  readonly point: string;
  readonly decides: { readonly words: string };
  readonly why: string;
};
type Said = {
  readonly packets: readonly { readonly size: number; readonly sent: number; readonly returned: number }[];
  readonly there: readonly (Hop & { readonly seen?: readonly { size: number; probes: number }[] })[];
  readonly back: Said["there"];
  /** Hosts on which nobody could listen. */
  readonly deaf: readonly string[];
  readonly fault:
    | (Hop & {
        readonly last: Hop | null;
        readonly missing: Hop | null;
        readonly evidence: readonly string[];
        readonly remedy: { readonly on?: string; readonly command: string } | null;
      })
    | null;
};

/** Puts addresses in the place of their names. */
const filled = (text: string): string =>
  text
    .replace(/\b(C1|C2|NET1|NET2)\b/g, (word) => addresses[word as "C1"])
    .replaceAll("TUNNEL", linkName(name, "vxlan"));

const traced = async (
  file: string,
  from: string,
  to: string,
  ...more: readonly string[]
): Promise<Said & { code: number }> => {
  const { code, stdout, stderr } = await lab.xhost("trace", file, from, to, "--json", ...more);
  expect([0, 1], stdout + stderr).toContain(code);
  return { ...(JSON.parse(stdout) as Said), code };
};

type Break = {
  readonly title: string;
  /** Host and commands that break it, and make it whole again. */
  readonly on?: "h1" | "h2";
  readonly breaking?: string;
  readonly undoing?: string;
  readonly faults?: Partial<Faults>;
  /** Default: c1 to c2. */
  readonly from?: "c1" | "c2";
  readonly options?: readonly string[];
  /** What is blamed: host, point and a part of what decides. */
  readonly blamed: readonly [host: string, point: string, words: string];
  /** What is blamed without packets: nothing, or (default) the same. */
  readonly unseen?: "nothing";
  /** Device that saw the packets last. */
  readonly last?: string;
  /** Makes the remedy it prints heal it; of what is on the hosts. */
  readonly heals?: false;
};

/** A rule of iptables that is put in and taken out again. */
const rule = (chain: string, text: string, table = "filter") => ({
  breaking: `iptables -t ${table} -I ${chain} ${text}`,
  undoing: `iptables -t ${table} -D ${chain} ${text} 2>/dev/null || true`,
});

const BREAKS: readonly Break[] = [
  {
    title: "a drop in DOCKER-USER of the source",
    on: "h1",
    ...rule("DOCKER-USER", "-s C1 -d C2 -j DROP"),
    blamed: ["h1", "filter FORWARD", "iptables -t filter DOCKER-USER rule 1: -s C1/32 -d C2/32 -j DROP"],
    last: "xh-ep-trc-app",
  },
  {
    title: "no route at the source, which leaves the default route",
    on: "h1",
    breaking: "ip -4 route show proto 88 | sed 's/ linkdown//' >/tmp/route; ip route del $(cat /tmp/route)",
    undoing: "ip route add $(cat /tmp/route) proto 88",
    blamed: ["h1", "route", "default via 10.211.55.1 dev eth0"],
    last: "xh-ep-trc-app",
    heals: false,
  },
  {
    title: "a policy rule at the source that forbids the way",
    on: "h1",
    breaking: "ip rule add priority 77 to NET2 prohibit",
    undoing: "ip rule del priority 77 2>/dev/null || true",
    blamed: ["h1", "route", "ip rule 77: from all to NET2 prohibit"],
    last: "xh-ep-trc-app",
  },
  {
    title: "a drop in raw PREROUTING of the destination",
    on: "h2",
    ...rule("PREROUTING", "-s C1 -d C2 -j DROP", "raw"),
    blamed: ["h2", "raw PREROUTING", "iptables -t raw PREROUTING rule 1: -s C1/32 -d C2/32 -j DROP"],
  },
  {
    title: "Docker's own drop in raw PREROUTING, without our rule before it",
    on: "h2",
    breaking: `iptables -t raw -D PREROUTING -m comment --comment "xhost:${name}" -j XHOST-${name}`,
    undoing: `iptables -t raw -I PREROUTING -m comment --comment "xhost:${name}" -j XHOST-${name}`,
    blamed: ["h2", "raw PREROUTING", "-d C2/32 ! -i xh-ep-trc-app -j DROP"],
    heals: false,
  },
  {
    title: "a drop in FORWARD of the destination",
    on: "h2",
    ...rule("FORWARD", "-d C2 -p icmp -j REJECT --reject-with icmp-admin-prohibited"),
    blamed: ["h2", "filter FORWARD", "iptables -t filter FORWARD rule 1: -d C2/32 -p icmp -j REJECT"],
  },
  {
    title: "the FORWARD policy of Docker 20.10 as the destination, without our rule before it",
    on: "h1",
    from: "c2",
    breaking: `iptables -D DOCKER-USER -m comment --comment "xhost:${name}" -j XHOST-${name}`,
    undoing: `iptables -I DOCKER-USER -m comment --comment "xhost:${name}" -j XHOST-${name}`,
    blamed: ["h1", "filter FORWARD", "iptables -t filter FORWARD policy DROP"],
    heals: false,
  },
  {
    title: "a rule that cannot be judged from outside: its counter gives it away",
    on: "h2",
    ...rule("FORWARD", "-d C2 -m ttl --ttl-lt 200 -j DROP"),
    blamed: ["h2", "filter FORWARD", "iptables -t filter FORWARD rule 1: -d C2/32 -m ttl --ttl-lt 200 -j DROP"],
    unseen: "nothing",
  },
  {
    title: "somebody's own nft table at the destination",
    on: "h2",
    breaking:
      "nft add table inet guard; nft add chain inet guard f '{ type filter hook forward priority -5; }'; nft add rule inet guard f ip saddr NET1 ip daddr C2 counter drop",
    undoing: "nft delete table inet guard",
    blamed: ["h2", "inet guard f", "ip saddr NET1 ip daddr C2 counter"],
  },
  {
    title: "a masquerade where the source is to stay",
    on: "h1",
    ...rule("POSTROUTING", "-s NET1 -d NET2 -j MASQUERADE", "nat"),
    blamed: ["h1", "nat POSTROUTING", "iptables -t nat POSTROUTING rule 1: -s NET1 -d NET2 -j MASQUERADE"],
  },
  {
    title: "the reply alone, in DOCKER-USER of the destination",
    on: "h2",
    ...rule("DOCKER-USER", "-s C2 -m conntrack --ctstate RELATED,ESTABLISHED -j DROP"),
    blamed: ["h2", "filter FORWARD", "DOCKER-USER rule 1: -s C2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j DROP"],
  },
  {
    title: "the reply alone, in raw PREROUTING of the source",
    on: "h1",
    ...rule("PREROUTING", "-s C2 -d C1 -j DROP", "raw"),
    blamed: ["h1", "raw PREROUTING", "iptables -t raw PREROUTING rule 1: -s C2/32 -d C1/32 -j DROP"],
  },
  {
    title: "TCP to a port that is closed in FORWARD, while pings pass",
    on: "h2",
    ...rule("FORWARD", "-d C2 -p tcp -m tcp --dport 5432 -j DROP"),
    options: ["--tcp", "5432"],
    blamed: ["h2", "filter FORWARD", "iptables -t filter FORWARD rule 1: -d C2/32 -p tcp -m tcp --dport 5432 -j DROP"],
  },
  {
    title: "a rule of iptables-legacy beside those of iptables-nft",
    on: "h1",
    breaking: "iptables-legacy -I FORWARD -d C2 -j DROP",
    undoing: "iptables-legacy -D FORWARD -d C2 -j DROP",
    blamed: ["h1", "filter FORWARD", "iptables-legacy -t filter FORWARD rule 1: -d C2/32 -j DROP"],
  },
  {
    title: "a rule of nft at a port of the destination's bridge",
    on: "h2",
    breaking:
      "nft add table bridge guard; nft add chain bridge guard o '{ type filter hook output priority 0; }'; nft add rule bridge guard o ip daddr C2 drop",
    undoing: "nft delete table bridge guard",
    blamed: ["h2", "bridge guard o", "ip daddr C2 drop"],
    last: "xh-ep-trc-app",
  },
  {
    title: "a rule inside of the destination's container",
    on: "h2",
    breaking: "nsenter -t $(docker inspect -f '{{.State.Pid}}' c2) -n iptables -I INPUT -s C1 -j DROP",
    undoing: "nsenter -t $(docker inspect -f '{{.State.Pid}}' c2) -n iptables -D INPUT -s C1 -j DROP",
    blamed: ["h2", "filter INPUT", "iptables -t filter INPUT rule 1: -s C1/32 -j DROP"],
    last: "eth0",
  },
  {
    title: "a wrong Ethernet address that somebody has set",
    on: "h1",
    breaking: "ip neigh replace 10.211.55.12 lladdr 02:00:00:00:00:99 nud permanent dev eth0",
    undoing: "ip neigh del 10.211.55.12 dev eth0",
    blamed: ["h1", "neighbour", "neighbour on eth0: 10.211.55.12 02:00:00:00:00:99 PERMANENT"],
    last: "eth0",
  },
  {
    title: "a black hole for big packets in the fabric",
    faults: { mtu: ["fabric=1400"] },
    heals: false,
    blamed: ["h1", "network", "the network between h1 and h2"],
    unseen: "nothing",
    last: "eth0",
  },
];

const BY_PLANE: Readonly<Record<"route" | "vxlan" | "wireguard", readonly Break[]>> = {
  route: [
    {
      title: "a fabric that drops addresses it has not given out",
      faults: { drop: ["foreign-sources"] },
      blamed: ["h1", "network", "the network between h1 and h2"],
      unseen: "nothing",
      last: "eth0",
    },
    {
      title: "no forwarding at the destination of what comes from the network",
      on: "h2",
      breaking: "sysctl -qw net.ipv4.conf.eth0.forwarding=0",
      undoing: "sysctl -qw net.ipv4.conf.eth0.forwarding=1",
      blamed: ["h2", "forwarding", "net.ipv4.conf.eth0.forwarding = 0"],
      last: "eth0",
    },
    {
      title: "a strict filter of the way back, which another device has",
      on: "h2",
      breaking: "ip route add C1 dev docker0; sysctl -qw net.ipv4.conf.eth0.rp_filter=1",
      undoing: "ip route del C1 dev docker0; sysctl -qw net.ipv4.conf.eth0.rp_filter=0",
      blamed: ["h2", "rp_filter", "net.ipv4.conf.eth0.rp_filter = 1"],
      last: "eth0",
      heals: false,
    },
  ],
  vxlan: [
    {
      title: "a fabric that drops the tunnel's packets",
      faults: { drop: ["udp:4789"] },
      blamed: ["h1", "network", "the network between h1 and h2"],
      unseen: "nothing",
      last: "eth0",
    },
    {
      title: "a drop of the tunnel's packets in INPUT of the destination",
      on: "h2",
      ...rule("INPUT", "-p udp -m udp --dport 4789 -j DROP"),
      blamed: ["h2", "filter INPUT", "iptables -t filter INPUT rule 1: -p udp -m udp --dport 4789 -j DROP"],
      last: "eth0",
    },
    {
      title: "a drop of the tunnel's packets in OUTPUT of the source",
      on: "h1",
      ...rule("OUTPUT", "-p udp -m udp --dport 4789 -j DROP"),
      blamed: ["h1", "filter OUTPUT", "iptables -t filter OUTPUT rule 1: -p udp -m udp --dport 4789 -j DROP"],
      last: "xh-ep-trc-vxlan",
    },
    {
      title: "no route for the tunnel's packets at the source",
      on: "h1",
      breaking: "ip route add unreachable 10.211.55.12",
      undoing: "ip route del unreachable 10.211.55.12 2>/dev/null || true",
      blamed: ["h1", "route", "route: unreachable 10.211.55.12"],
      last: "xh-ep-trc-vxlan",
    },
    {
      title: "no forwarding entry for the other host",
      on: "h1",
      breaking: "bridge fdb del 0e:88:0a:d3:37:0c dev TUNNEL dst 10.211.55.12",
      undoing: "bridge fdb append 0e:88:0a:d3:37:0c dev TUNNEL dst 10.211.55.12 self permanent",
      blamed: ["h1", "fdb", "fdb on xh-ep-trc-vxlan: 0e:88:0a:d3:37:0c dst none"],
      last: "xh-ep-trc-vxlan",
      heals: false,
    },
  ],
  wireguard: [
    {
      title: "a fabric that drops what is encrypted",
      faults: { drop: ["udp:51820"] },
      blamed: ["h1", "network", "the network between h1 and h2"],
      unseen: "nothing",
      last: "eth0",
    },
    {
      title: "a drop of what is encrypted in INPUT of the destination",
      on: "h2",
      ...rule("INPUT", "-p udp -m udp --dport 51820 -j DROP"),
      blamed: ["h2", "filter INPUT", "iptables -t filter INPUT rule 1: -p udp -m udp --dport 51820 -j DROP"],
      last: "eth0",
    },
    {
      title: "a peer without the networks behind it",
      on: "h1",
      breaking: "wg set xh-ep-trc-wg peer $(wg show xh-ep-trc-wg peers) allowed-ips 10.9.9.0/24",
      undoing: "wg set xh-ep-trc-wg peer $(wg show xh-ep-trc-wg peers) allowed-ips NET2",
      blamed: ["h1", "peer", "peer on xh-ep-trc-wg: none"],
      last: "xh-ep-trc-wg",
      heals: false,
    },
  ],
};

const hurt = async ({ on, breaking, faults }: Break): Promise<void> => {
  if (on !== undefined && breaking !== undefined) await lab.on(on, filled(breaking));
  if (faults !== undefined) await setFaults(lab, faults);
};

const heal = async ({ on, undoing, faults }: Break): Promise<void> => {
  if (on !== undefined && undoing !== undefined) await lab.on(on, filled(undoing));
  if (faults !== undefined) await setFaults(lab);
};

/** Programs of a trace that are at work on a host. */
const atWork = (host: string): Promise<string> => lab.on(host, "pgrep -a 'perl|python3|timeout' || true");

describe.each(["route", "vxlan", "wireguard"] as const)("by %s", (plane: keyof typeof BY_PLANE) => {
  let file: string;
  beforeAll(async () => {
    await setFaults(lab);
    file = await byPlane(lab, plane);
    await deployed(lab, file);
    const [C1, C2] = [await addressOf(lab, "h1", "c1"), await addressOf(lab, "h2", "c2")];
    const net = (address: string): string => address.replace(/\d+$/, "0/24");
    addresses = { C1, C2, NET1: net(C1), NET2: net(C2) };
  });
  afterAll(async () => {
    await lab.xhost("destroy", file, "--yes");
  });

  test.each([
    ["c1", "c2", []],
    ["c2", "c1", []],
    ["c1", "c2", ["--tcp", "80"]],
    ["c1", "c2", ["--static"]],
    ["c2", "c1", ["--static"]],
  ] as const)("nothing is blamed from %s to %s %j", async (from, to, options) => {
    const { fault, code, packets, there, back } = await traced(file, from, to, ...options);
    expect({ fault, code }).toEqual({ fault: null, code: 0 });
    expect(packets.map(({ sent, returned }) => sent - returned)).toEqual(packets.map(() => 0));
    const seen = [...there, ...back].flatMap((hop) => hop.seen ?? []);
    const isStatic = (options as readonly string[]).includes("--static");
    // container, veth, bridge and network card of two hosts, and two devices of a tunnel; there and back
    const points = (plane === "route" ? 8 : 10) * 2 * packets.length;
    expect(seen.map(({ probes }) => probes)).toEqual(isStatic ? [] : Array.from({ length: points }, () => 3));
  });

  test("what a port says that nobody listens on, names that are not there, and a container that does not run", async () => {
    const refused = await lab.xhost("trace", file, "c1", "c2", "--tcp", "81");
    expect([refused.code, refused.stdout]).toEqual([0, expect.stringContaining("refused: nobody listens on the port")]);
    const unknown = await lab.xhost("trace", file, "c1", "c9");
    expect([unknown.code, unknown.stderr]).toEqual([
      3,
      expect.stringContaining("there is no container c9 (known: c1, c2)"),
    ]);
    await lab.on("h2", "docker stop -t 0 c2");
    const stopped = await lab.xhost("trace", file, "c1", "c2");
    await lab.on("h2", "docker start c2");
    expect([stopped.code, stopped.stderr]).toEqual([
      1,
      expect.stringContaining("h2: trace c2: it does not run (Exited"),
    ]);
  });

  test("a rule that refuses in the container's name is blamed, though something came back", async () => {
    const rule = "DOCKER-USER -p tcp --dport 80 -j REJECT --reject-with tcp-reset";
    await lab.on("h2", `iptables -I ${rule}`);
    const { fault, code } = await traced(file, "c1", "c2", "--tcp", "80");
    await lab.on("h2", `iptables -D ${rule}`);
    expect([code, fault?.host, fault?.point, fault?.decides.words]).toEqual([
      1,
      "h2",
      "filter FORWARD",
      expect.stringContaining("-j REJECT --reject-with tcp-reset"),
    ]);
  });

  test.each(["SIGINT", "SIGKILL"] as const)("nothing of it is left on the hosts after %s", async (signal) => {
    const before = await Promise.all(["h1", "h2"].map(lab.snapshot));
    await lab.on("h1", filled("iptables -I DOCKER-USER -d C2 -j DROP"));
    const run = lab.start("trace", file, "c1", "c2");
    await vi.waitFor(async () => expect(await atWork("h2")).not.toBe(""), { timeout: 15_000, interval: 50 });
    run.kill(signal);
    await run;
    await vi.waitFor(async () => expect((await atWork("h1")) + (await atWork("h2"))).toBe(""), { timeout: 5000 });
    await lab.on("h1", filled("iptables -D DOCKER-USER -d C2 -j DROP"));
    expect(await Promise.all(["h1", "h2"].map(lab.snapshot))).toEqual(before);
  });

  // what is told apart by the plane; the rest is told by two of them
  test.each([...(plane === "wireguard" ? [] : BREAKS), ...BY_PLANE[plane]])("$title", async (broken) => {
    const { from = "c1", options = [], blamed, last, unseen } = broken;
    const to = from === "c1" ? "c2" : "c1";
    let isHealed = false;
    await hurt(broken);
    try {
      const live = await traced(file, from, to, ...options);
      const wanted = [blamed[0], filled(blamed[1]), expect.stringContaining(filled(blamed[2]))];
      const named = ({ fault }: Said) => fault && [fault.host, fault.point, fault.decides.words];
      expect(named(live), JSON.stringify(live.fault)).toEqual(wanted);
      expect(live.code).toBe(1);
      if (last !== undefined) expect(live.fault?.last?.point).toBe(last);
      const still = await traced(file, from, to, ...options, "--static");
      if (unseen === "nothing") expect(still.fault).toBeNull();
      else expect(named(still)).toEqual(wanted);
      const remedy = live.fault?.remedy;
      if (broken.on === undefined || broken.heals === false) return;
      expect(remedy?.on).toBe(broken.on);
      await lab.on(broken.on, remedy!.command);
      isHealed = true;
    } finally {
      if (!isHealed) await heal(broken);
    }
    expect((await traced(file, from, to, ...options)).fault).toBeNull();
  });

  test("between two containers of one host, by their bridge", async () => {
    const more = await lab.inventory(`${plane}-two.yml`, (text) =>
      text
        .replace(/plane: \w+/, `plane: ${plane}`)
        .replace(
          /^ {2}c2: /m,
          '  c3: { host: h1, network: app, image: "xhost-lab:1", command: [sleep, infinity] }\n  c2: ',
        ),
    );
    await deployed(lab, more);
    const { fault, there, packets } = await traced(more, "c1", "c3");
    expect([fault, packets.map(({ returned }) => returned)]).toEqual([null, [3, 3]]);
    expect(new Set(there.map(({ host }) => host))).toEqual(new Set(["h1"]));
  });
});

describe("hosts of the machine's own Debian", () => {
  const hasPython = existsSync("/usr/bin/python3");
  let own: TestLab;
  let file: string;
  beforeAll(async () => {
    own = await testLab("ep-trc-py", 2, "machine");
    file = await byPlane(own, "vxlan");
    await deployed(own, file);
  });
  afterAll(() => own.down());

  /** Puts a program that always fails before others, in the mounts of a host. */
  const hiding = async (host: string, programs: readonly string[], work: () => Promise<void>): Promise<void> => {
    for (const program of programs) await own.on(host, `mount --bind /bin/false ${program}`);
    try {
      await work();
    } finally {
      for (const program of programs) await own.on(host, `umount ${program}`);
    }
  };
  const run = async (...options: readonly string[]): Promise<Said> => {
    const { stdout } = await own.xhost("trace", file, "c1", "c2", "--json", ...options);
    return JSON.parse(stdout) as Said;
  };
  const counts = ({ there, back }: Said): readonly (readonly number[])[] =>
    [...there, ...back].flatMap(({ seen }) => (seen === undefined ? [] : [seen.map(({ probes }) => probes)]));

  test.skipIf(!hasPython)("Python sees on every device what Perl sees, and names the same", async () => {
    const [pings, tcp] = [await run(), await run("--tcp", "80")];
    expect(new Set(counts(pings).flat())).toEqual(new Set([3]));
    await own.on("h2", "iptables -I DOCKER-USER -p icmp -j REJECT");
    const blocked = await run();
    await hiding("h1", ["/usr/bin/perl"], () =>
      hiding("h2", ["/usr/bin/perl"], async () => {
        const same = await run();
        expect([counts(same), same.fault]).toEqual([counts(blocked), blocked.fault]);
        expect(blocked.fault?.evidence.join()).toContain("answers with an ICMP error: port unreachable");
        await own.on("h2", "iptables -D DOCKER-USER -p icmp -j REJECT");
        expect(counts(await run())).toEqual(counts(pings));
        expect(counts(await run("--tcp", "80"))).toEqual(counts(tcp));
      }),
    );
  });

  test("a host with neither sends nothing; one on the way is not looked into", async () => {
    const programs = ["/usr/bin/perl", "/usr/bin/python3"].filter((program) => existsSync(program));
    await hiding("h1", programs, async () => {
      const { code, stderr } = await own.xhost("trace", file, "c1", "c2");
      expect(code).toBe(1);
      expect(stderr).toContain("h1: trace packets: there is neither perl nor python3: install one of them");
    });
    await hiding("h2", programs, async () => {
      const said = await run();
      expect([said.fault, said.deaf, said.packets.map(({ returned }) => returned)]).toEqual([null, ["h2"], [3, 3]]);
      expect(new Set(counts(said).flat())).toEqual(new Set([3]));
    });
  });
});
