// Firewalls of somebody else on the hosts: a deploy passes them in their own order and changes nothing of theirs, says beforehand where that cannot
// be, and destroy leaves every byte as it was. h1 has Docker 20.10 and the machine's own ufw and firewalld, h2 has Docker 28.5.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byPlane } from "../plane-table.ts";
import { bothWays, seenFrom, sent } from "../packets.ts";
import { addressOf, testLab, type TestLab } from "../xhost.ts";

const HOSTS = ["h1", "h2"] as const;
const ENDS = HOSTS.map((host) => ({ host, container: host.replace("h", "c") }));

/** What `lab.snapshot` leaves out because it takes long: every file below /etc, and all settings of the network. */
const REST = [
  "find /etc -type f -exec cksum {} + | sort -k3",
  "sysctl -a 2>/dev/null | grep -E '^net[.](ipv4|ipv6|bridge|netfilter)' | grep -vE 'nf_conntrack_count|_mem |[.]dirty|fs[.]|random|stable_secret|ip_local'",
].join("; ");

/** Docker makes its default bridge anew when it starts. */
const settled = (text: string): string =>
  text
    .replace(/^\w{12} bridge bridge$/m, "")
    .replace(/^docker0: .*$/m, "")
    .replace(/^[0-9a-f:]{17} dev docker0 .*$/m, "");

const RESTART_DOCKER =
  'stop-docker; start-docker; until docker info >/dev/null 2>&1; do sleep 0.2; done; until test -n "$(docker ps -q)"; do sleep 0.2; done';

let lab: TestLab;
beforeAll(async () => {
  lab = await testLab("xfo", 2, "machine,sid");
});
afterAll(() => lab.down());

const setUp = async (commands: readonly [string, string]): Promise<void> => {
  for (const [i, host] of HOSTS.entries()) await lab.on(host, commands[i] ?? "");
};
const states = async (): Promise<readonly string[]> =>
  Promise.all(HOSTS.map(async (host) => settled(`${await lab.snapshot(host)}\n${await lab.on(host, REST)}`)));
/** Rules and policies of everybody else, in order. */
const theirs = (): Promise<readonly string[]> =>
  Promise.all(
    HOSTS.map((host) =>
      lab.on(
        host,
        "iptables-save | grep -E '^-A|^:.* DROP' | sed 's/ \\[.*//' | grep -vE 'XHOST|xh-xfo|172[.]30[.]'; nft -s list tables | grep -v 'table ip ' | while read -r t; do nft -s list $t; done",
      ),
    ),
  );
const expectPackets = async (): Promise<void> => {
  for (const [from, to] of bothWays(ENDS)) {
    expect(await sent(lab, from, await addressOf(lab, to.host, to.container)), from.container).toBe("arrives");
    expect(await seenFrom(lab, from, to)).toBe(await addressOf(lab, from.host, from.container));
  }
};
const restarting = (text: string): string => text.replaceAll("network: app,", "network: app, restart: unless-stopped,");
const planned = (file: string) => lab.xhost("plan", file, "--detailed-exitcode");
const deploy = async (file: string): Promise<void> => {
  const { code, stdout, stderr } = await lab.xhost("deploy", file, "--yes");
  expect(code, stdout + stderr).toBe(0);
};
const destroy = async (file: string): Promise<void> => {
  expect((await lab.xhost("destroy", file, "--yes")).code).toBe(0);
};

const INPUT_DROP =
  "iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -P INPUT DROP";

describe("ufw, and a policy of DROP in INPUT", () => {
  let file: string;
  let before: readonly string[];
  let others: readonly string[];
  beforeAll(async () => {
    await setUp(["ufw allow 22/tcp && ufw --force enable", INPUT_DROP]);
    file = await byPlane(lab, "vxlan", { edit: restarting });
    [before, others] = [await states(), await theirs()];
  });
  afterAll(() => setUp(["ufw --force disable", "iptables -P INPUT ACCEPT; iptables -F INPUT"]));

  test("the tunnel's packets are let in, and nothing of theirs is changed", async () => {
    await deploy(file);
    await expectPackets();
    expect(await theirs()).toEqual(others);
  });

  test("ufw reload and a restart of Docker leave ours where they are", async () => {
    await setUp(["ufw reload", "true"]);
    expect((await planned(file)).code).toBe(0);
    await setUp([RESTART_DOCKER, RESTART_DOCKER]);
    const { code, stdout } = await planned(file);
    expect(code, stdout).toBe(0);
    await expectPackets();
  });

  test("destroy leaves every byte as it was", async () => {
    await destroy(file);
    expect(await states()).toEqual(before);
  });
});

/** A table as the wiki of nftables has it for a workstation. */
const GUARD = [
  "nft add table inet guard",
  "nft 'add chain inet guard input { type filter hook input priority 0; policy drop; }'",
  "nft add rule inet guard input iif lo accept",
  "nft add rule inet guard input ct state established,related accept",
  "nft add rule inet guard input tcp dport 22 accept",
  "nft 'add chain inet guard forward { type filter hook forward priority 0; policy drop; }'",
  "nft add rule inet guard forward ct state established,related accept",
].join("; ");

type Planned = {
  readonly obstacles: readonly { readonly host: string; readonly seen: string; readonly commands: readonly string[] }[];
};

describe("tables of nft with a policy of drop", () => {
  let file: string;
  let before: readonly string[];
  let others: readonly string[];
  beforeAll(async () => {
    await setUp([GUARD, GUARD]);
    file = await byPlane(lab, "vxlan", { edit: restarting });
    [before, others] = [await states(), await theirs()];
  });
  afterAll(() => setUp(["nft delete table inet guard", "nft delete table inet guard"]));

  test("plan names them before anything is done, with the commands; deploy again where its checks fail", async () => {
    const plan = await planned(file);
    const { code, stdout } = await lab.xhost("deploy", file, "--yes");
    expect([plan.code, code]).toEqual([2, 1]);
    for (const host of HOSTS)
      for (const chain of ["input", "forward"]) {
        const told = `${host}: what xhost adds does not let packets past nft inet guard ${chain}: policy drop`;
        expect(plan.stdout).toContain(told);
        expect(stdout.slice(stdout.indexOf("FROM "))).toContain(told);
      }
    expect(await theirs()).toEqual(others);
  });

  test("destroy leaves every byte as it was", async () => {
    await destroy(file);
    expect(await states()).toEqual(before);
  });

  test("the commands of the plan let the fabric through, and nothing else", async () => {
    const { obstacles } = JSON.parse((await lab.xhost("plan", file, "--json")).stdout) as Planned;
    for (const { host, commands } of obstacles) for (const command of commands) await lab.on(host, command);
    await deploy(file);
    await expectPackets();
    expect((JSON.parse((await lab.xhost("plan", file, "--json")).stdout) as Planned).obstacles).toEqual([]);
    await destroy(file);
  });
});

// firewalld wants a message bus; in a host's namespaces it has one of its own. Docker looks for firewalld when it starts.
const FIREWALLD = [
  "set -e",
  "mkdir -p /run/dbus",
  "dbus-daemon --system --fork",
  "setsid -f firewalld --nofork --nopid </dev/null >/var/log/firewalld.out 2>&1",
  "i=0; until firewall-cmd --state >/dev/null 2>&1; do i=$((i + 1)); test $i -lt 100; sleep 0.2; done",
  "stop-docker; start-docker; until docker info >/dev/null 2>&1; do sleep 0.2; done",
].join("\n");

/** Docker makes its rules again a moment after the reload. */
const DOCKER_AGAIN = "until iptables -S FORWARD | grep -q 'j DOCKER-USER'; do sleep 0.1; done; sleep 1";

describe("firewalld", () => {
  let file: string;
  let before: readonly string[];
  beforeAll(async () => {
    await setUp([FIREWALLD, "true"]);
    file = await byPlane(lab, "vxlan", { edit: restarting });
  });

  test("plan says what it has to be told, and once it is told packets pass", async () => {
    const { obstacles } = JSON.parse((await lab.xhost("plan", file, "--json")).stdout) as Planned;
    expect(obstacles.map(({ host, seen }) => [host, seen])).toEqual([
      ["h1", expect.stringMatching(/^nft inet firewalld filter_/)],
      ["h1", expect.stringMatching(/^nft inet firewalld filter_/)],
    ]);
    for (const { commands } of obstacles) for (const command of commands) await lab.on("h1", command);
    await lab.on("h1", DOCKER_AGAIN);
    before = await states();
    await deploy(file);
    await expectPackets();
  });

  test("its reload takes ours away: plan finds that, and deploy mends it", async () => {
    await lab.on("h1", `firewall-cmd --reload; ${DOCKER_AGAIN}`);
    const { code, stdout } = await planned(file);
    expect(code).toBe(2);
    for (const what of ["chain XHOST-xfo in filter", "chain XHOST-xfo in nat", "jump to XHOST-xfo.i in filter"])
      expect(stdout).toContain(`+ ${what}`);
    await deploy(file);
    expect((await planned(file)).code).toBe(0);
    await expectPackets();
  });

  test("destroy leaves every byte as it was", async () => {
    await destroy(file);
    expect(await states()).toEqual(before);
  });
});
