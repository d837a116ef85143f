// Firewalls that a program of their own manages, as ufw and firewalld really set them up: doctor tells what that program has to be told.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { examined, harm, heal, named, withChecks } from "./doctor-lab.ts";
import { byPlane } from "./plane-table.ts";
import { testLab, type TestLab } from "./xhost.ts";

/** One finding with that id on that host and nothing else; what it says to do heals the lab. */
const expectHealed = async (lab: TestLab, file: string, expected: { id: string; host: string; remedy: RegExp }) => {
  const sick = await examined(lab, file);
  expect(named(sick)).toEqual([expect.stringContaining(`${expected.id} ${expected.host} fault: `)]);
  const { remedy } = sick.findings[0]!;
  expect(remedy.command).toMatch(expected.remedy);
  await heal(lab, remedy);
  const healed = await examined(lab, file);
  expect([healed.code, ...named(healed)]).toEqual([0]);
};

/** The machine's own root, which has both programs (setup.ts): each host's changes of it are its own. */
const labOf = (name: string): Promise<TestLab> => testLab(name, 2, "machine");

describe("ufw", () => {
  let lab: TestLab;
  let scoped: string;
  let open: string;
  beforeAll(async () => {
    lab = await labOf("ed-ufw");
    scoped = await byPlane(lab, "vxlan", { edit: withChecks });
    open = await byPlane(lab, "vxlan", { file: "open", more: "\n    firewall: none", edit: withChecks });
    await heal(lab, { on: null, command: `xhost deploy ${scoped}` });
  });
  afterAll(() => lab.down());

  test("switched on after a deploy it is no finding: xhost's rules stand before its own", async () => {
    await lab.on("h1", "ufw allow 22/tcp && ufw --force enable");
    expect(named(await examined(lab, scoped))).toEqual([]);
    await lab.on("h1", "ufw --force disable");
  });

  test("where the rules are somebody else's job, it closes the tunnel's port", async () => {
    for (const host of ["h1", "h2"])
      await harm(lab, {
        host,
        shell: `iptables -t nat -I POSTROUTING -s 172.30.0.0/16 -d 172.30.0.0/16 -j ACCEPT; iptables -I DOCKER-USER -s 172.30.0.0/16 -d 172.30.0.0/16 -j ACCEPT`,
      });
    await heal(lab, { on: null, command: `xhost deploy ${open}` });
    expect(named(await examined(lab, open))).toEqual([]);
    await lab.on("h1", "ufw --force enable");
    await expectHealed(lab, open, {
      ...{ id: "ufw", host: "h1" },
      remedy: /^ufw allow from 10\.211\.55\.12 to any port 4789 proto udp$/,
    });
  });

  test("it passes on pings and nothing else that nobody allows", async () => {
    await harm(lab, {
      host: "h1",
      shell: "iptables -D DOCKER-USER -s 172.30.0.0/16 -d 172.30.0.0/16 -j ACCEPT",
    });
    await expectHealed(lab, open, {
      ...{ id: "ufw", host: "h1" },
      remedy: /^ufw route allow from 172\.30\.\d+\.0\/24 to 172\.30\.\d+\.0\/24 && ufw route allow from /,
    });
  });
});

// firewalld wants a message bus; in a host's namespaces it has one of its own. Docker looks for firewalld when it starts.
const START_FIREWALLD = [
  "set -e",
  "mkdir -p /run/dbus",
  "dbus-daemon --system --fork",
  "setsid -f firewalld --nofork --nopid </dev/null >/var/log/firewalld.out 2>&1",
  "i=0; until firewall-cmd --state >/dev/null 2>&1; do i=$((i + 1)); test $i -lt 100; sleep 0.2; done",
  "stop-docker; start-docker; until docker info >/dev/null 2>&1; do sleep 0.2; done",
].join("\n");

describe("firewalld", () => {
  let lab: TestLab;
  let file: string;
  const deploy = () => lab.xhost("deploy", file, "--yes");
  beforeAll(async () => {
    lab = await labOf("ed-fwd");
    await lab.on("h1", START_FIREWALLD);
    file = await byPlane(lab, "route");
  });
  afterAll(() => lab.down());

  test("it refuses what is forwarded and in no policy", async () => {
    await deploy();
    await expectHealed(lab, file, {
      ...{ id: "firewalld", host: "h1" },
      remedy:
        /^\{ firewall-cmd --permanent --new-policy=xhost; true; \} && .* && firewall-cmd --reload && sleep 3 && printf /,
    });
  });

  test("a reload takes xhost's rules away", async () => {
    await lab.on("h1", "firewall-cmd --reload");
    await expectHealed(lab, file, { id: "firewalld", host: "h1", remedy: /^xhost deploy \S+$/ });
  });

  test("its zone has the tunnel's port closed where xhost opens nothing in it", async () => {
    file = await byPlane(lab, "vxlan");
    await deploy();
    await expectHealed(lab, file, {
      ...{ id: "firewalld", host: "h1" },
      remedy:
        /^firewall-cmd --add-rich-rule='rule family=ipv4 source address=10\.211\.55\.12 port port=4789 protocol=udp accept' && /,
    });
    await lab.on("h1", "firewall-cmd --reload");
    await deploy();
    expect(named(await examined(lab, file))).toEqual([]);
  });
});
