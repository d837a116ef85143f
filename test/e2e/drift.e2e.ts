// What is changed by hand on the hosts is found by plan and status, thing by thing, and mended by deploy; what somebody else has put in its place is a
// conflict, and stays.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROUNDS, type Broken } from "./drift-cases.ts";
import { bothWays, sent } from "./packets.ts";
import { addressOf, obedient, testLab, type TestLab } from "./xhost.ts";

const HOSTS = ["h1", "h2"] as const;
/** Containers by network, each on both hosts: a plane each. */
const PAIRS = ["c", "v", "w"] as const;

const container = (name: string, network: string): string =>
  `  ${name}: { host: ${name.replace(/^./, "h")}, network: ${network}, image: "xhost-lab:1", command: [sleep, infinity] }\n`;

/** The lab's network by routes, one by vxlan and one by wireguard. */
const threePlanes = (text: string): string =>
  obedient(
    text
      .replace(
        /^containers:\n/m,
        "  second: { pool: 172.31.0.0/16, prefix: 24, plane: vxlan }\n  third: { pool: 172.29.0.0/16, prefix: 24, plane: wireguard }\n$&",
      )
      .trimEnd()
      .concat(
        "\n",
        ...["v1", "v2"].map((n) => container(n, "second")),
        ...["w1", "w2"].map((n) => container(n, "third")),
      ),
  );

type Drift = { readonly sign: string; readonly what: string; readonly detail: string };
type Status = {
  readonly hosts: readonly { readonly host: string; readonly state: string; readonly changes: readonly Drift[] }[];
};

describe("drift", () => {
  let lab: TestLab;
  let file: string;
  const blocks = new Map<string, string>();
  beforeAll(async () => {
    lab = await testLab("xdr", 2, "bookworm,sid");
    file = await lab.inventory("inventory.yml", threePlanes);
    await repaired();
    for (const host of HOSTS)
      blocks.set(host, (await lab.on(host, "ip -4 route show dev eth0 proto 88 | cut -d' ' -f1")).trim());
  });
  afterAll(() => lab.down());

  /** A ping of every container to its twin on the other host. */
  const expectPackets = async (): Promise<void> => {
    for (const letter of PAIRS)
      for (const [from, to] of bothWays(HOSTS.map((host) => ({ host, container: host.replace("h", letter) }))))
        expect(
          await sent(lab, from, await addressOf(lab, to.host, to.container)),
          `${from.container}: ${to.container}`,
        ).toBe("arrives");
  };
  const repaired = async (): Promise<void> => {
    const { code, stdout, stderr } = await lab.xhost("deploy", file, "--yes");
    expect(code, stdout + stderr).toBe(0);
    const after = await lab.xhost("plan", file, "--detailed-exitcode");
    expect([after.code, after.stdout]).toEqual([0, expect.stringContaining("Nothing to do.")]);
    await expectPackets();
  };
  const harm = ({ host, shell }: Pick<Broken, "host" | "shell">): Promise<string> =>
    lab.on(host, `set -e; APP=${blocks.get(host) ?? ""}\n${shell}`);
  const told = ({ host, told: text, sign }: Broken): string =>
    `${sign} ${text.replace("$APP", blocks.get(host) ?? "")}`;
  /** The lines of a plan or a status that are about a host. */
  const linesOf = (text: string, host: string): readonly string[] =>
    (new RegExp(`^${host}\\n((?:  .*\\n)*)`, "m").exec(text)?.[1] ?? "").split("\n").map((line) => line.trim());
  const expectTold = (lines: readonly string[], broken: Broken): void => {
    const found = lines.filter((line) => line.startsWith(told(broken)));
    expect(found.length, `${broken.what}: ${told(broken)}\n${lines.join("\n")}`).toBe(1);
  };
  const status = async (): Promise<Status> => JSON.parse((await lab.xhost("status", file, "--json")).stdout) as Status;
  const kernel = (host: string): Promise<string> =>
    lab.on(
      host,
      "iptables-save | grep XHOST; ip -4 route show proto 88; cat /proc/sys/net/ipv4/ip_forward; ip neigh show nud permanent; bridge fdb show | grep dst",
    );

  describe.each(ROUNDS)("$title", ({ breaks }) => {
    let plan: string;
    let text: string;
    let json: Status;
    const before = new Map<string, string>();
    beforeAll(async () => {
      for (const host of HOSTS) before.set(host, await kernel(host));
      for (const each of breaks) await harm(each);
      const planned = await lab.xhost("plan", file, "--detailed-exitcode");
      expect(planned.code, planned.stdout + planned.stderr).toBe(2);
      plan = planned.stdout;
      text = (await lab.xhost("status", file)).stdout;
      json = await status();
    });

    test.each(breaks)("$what ($host)", (each) => {
      expectTold(linesOf(plan, each.host), each);
      expectTold(linesOf(text, each.host), each);
      const row = json.hosts.find(({ host }) => host === each.host);
      expect(row?.state).toBe("differs");
      expectTold(row?.changes.map(({ sign, what, detail }) => `${sign} ${what}: ${detail}`) ?? [], each);
    });

    test("deploy mends all of it, and packets pass", async () => {
      await repaired();
      for (const host of HOSTS) expect(await kernel(host), host).toBe(before.get(host));
      expect((await status()).hosts.map(({ state, changes }) => [state, changes])).toEqual(
        HOSTS.map(() => ["in sync", []]),
      );
    });
  });

  describe("taken over by somebody else", () => {
    const METRIC = "$(ip -4 -o route show proto 88 | sed -n 's/.* metric \\([0-9]*\\).*/\\1/p' | head -n 1)";
    const theirs: readonly (Pick<Broken, "host" | "shell"> & { readonly what: string; readonly says: RegExp })[] = [
      {
        what: "a route in the place of ours",
        host: "h1",
        shell: `ip route replace $APP via 10.211.55.1 proto static metric ${METRIC}`,
        says: /h1: network app: 172\.30\.\S+ of h2 overlaps the route .*, or remove it if nobody needs it \((ip route del \S+ via 10\.211\.55\.1 dev eth0 proto 4 metric \d+)\)/,
      },
      {
        what: "a route before ours",
        host: "h2",
        shell: "ip route add $APP via 10.211.55.1",
        says: /h2: network app: 172\.30\.\S+ of h1 overlaps the route .*, or remove it if nobody needs it \((ip route del \S+ via 10\.211\.55\.1 dev eth0 proto \w+)\)/,
      },
      {
        what: "a container with the name of ours",
        host: "h2",
        shell: "docker rm -f v2; docker create --name v2 xhost-lab:1",
        says: /h2: container v2: there is a container of that name that is not xhost's: rename yours, or remove it \((docker rm v2)\)/,
      },
      {
        what: "a network with the name of ours",
        host: "h1",
        shell:
          "docker network disconnect third w1; docker network rm third; docker network create --subnet 10.66.3.0/24 third",
        says: /h1: network third: there is a Docker network of that name that is not xhost's: rename yours, remove it \((docker network rm third)\), or adopt it with `existing`/,
      },
    ];
    const before = new Map<string, string>();
    let said: string;
    beforeAll(async () => {
      for (const each of theirs) await harm(each);
      for (const host of HOSTS) before.set(host, await lab.snapshot(host));
      const deploy = await lab.xhost("deploy", file, "--yes");
      expect(deploy.code).toBe(1);
      said = deploy.stderr;
    });

    test.each(theirs)("$what ($host) is a conflict, with what to do", ({ says }) => {
      expect(said).toMatch(says);
    });

    test("nothing is changed; plan and status say the same", async () => {
      for (const host of HOSTS) expect(await lab.snapshot(host), host).toBe(before.get(host));
      expect((await lab.xhost("plan", file, "--detailed-exitcode")).code).toBe(1);
      expect((await status()).hosts.map(({ state }) => state)).toEqual(["conflict", "conflict"]);
    });

    test("once done as it says, deploy puts ours in their place again", async () => {
      for (const { host, says } of theirs) await lab.on(host, says.exec(said)?.[1] ?? "false");
      await repaired();
    });
  });

  test("destroy brings back what was there before xhost, and no accident of between: h2's forwarding was switched off", async () => {
    const { code, stderr } = await lab.xhost("destroy", file, "--yes");
    expect(code, stderr).toBe(0);
    expect(await lab.on("h2", "cat /proc/sys/net/ipv4/ip_forward; ls /etc/xhost 2>/dev/null || true")).toBe("1");
  });
});
