import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHANGE_OF_H1, HOOK } from "./faults/at.ts";
import { CLI, testLab, type TestLab } from "./xhost.ts";

type Hook = { readonly node?: readonly string[]; readonly env?: Readonly<Record<string, string>> };

/** Login users that are not root, on one host of each engine: sudo, and Docker where the socket is not theirs. */
let lab: TestLab;
let file: string;

beforeAll(async () => {
  lab = await testLab("xs", 2, "bookworm,sid");
  for (const host of ["h1", "h2"])
    await lab.on(
      host,
      "useradd -m -s /bin/bash ops && install -d -m 700 -o ops -g ops /home/ops/.ssh && install -m 600 -o ops -g ops /root/.ssh/authorized_keys /home/ops/.ssh/authorized_keys",
    );
  file = await lab.inventory("ops.yml", (text) => text.replace("user: root", "user: ops"));
});
afterAll(() => lab.down());

test("sudo that asks for a password is a clear error", async () => {
  const { code, stderr } = await lab.xhost("plan", file);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/h1: .*sudo asks for a password/);
});

test("without sudo and without the socket's group Docker is out of reach", async () => {
  const none = await lab.inventory("none.yml", (text) =>
    text.replace("user: root", "user: ops").replace("hosts:\n", "  become: none\nhosts:\n"),
  );
  const { code, stderr } = await lab.xhost("plan", none);
  expect(code).toBe(4);
  expect(stderr).toMatch(/h1: Docker cannot be reached at \/var\/run\/docker\.sock: .*permission/);
});

test("with sudo everything works: dial-stdio for Docker, sudo for the rest", async () => {
  for (const host of ["h1", "h2"]) await lab.on(host, "echo 'ops ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ops");
  const { code, stdout, stderr } = await lab.xhost("deploy", file, "--yes");
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("2 of 2 checks passed");
  expect((await lab.xhost("deploy", file, "--yes")).stdout).toContain("Nothing to do.");
});

test("one login per host and command line, however many calls", async () => {
  const logins = async (): Promise<number> =>
    Number(
      await lab.on(
        "h1",
        "grep -c 'Accepted publickey' /var/log/sshd.log /run/sshd.log 2>/dev/null | awk -F: '{ n += $NF } END { print n + 0 }'",
      ),
    );
  const before = await logins();
  expect((await lab.xhost("deploy", file, "--yes")).code).toBe(0);
  expect(await logins()).toBe(before + 1);
});

test("destroy as the same user", async () => {
  expect((await lab.xhost("destroy", file, "--yes")).code).toBe(0);
  for (const host of ["h1", "h2"])
    expect(await lab.on(host, "iptables-save; ip route; docker ps -aq")).not.toMatch(/xhost|proto 88/);
});

describe("through a jump host, from inside the fabric where the hosts are reached directly", () => {
  let jump: string;
  beforeAll(async () => {
    jump = await lab.inventory("jump.yml", (text) =>
      text
        .replace(/ *# the hosts live.*\n *proxyCommand: .*\n/, "")
        .replace(
          "h2: { ssh: { host: 10.211.55.12 } }",
          "h2: { ssh: { host: 10.211.55.12, proxyJump: root@10.211.55.11 } }",
        ),
    );
  });
  const deploy = (options: readonly string[] = [], { node = [], env = {} }: Hook = {}) =>
    execa(
      "nsenter",
      [`--net=/run/netns/xhost-${lab.lab.name}`, process.execPath, ...node, CLI, "deploy", jump, "--yes", ...options],
      { reject: false, stdin: "ignore", env },
    );

  test("it deploys", async () => {
    const { exitCode, stdout, stderr } = await deploy();
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain("2 of 2 checks passed");
    // The second host has seen a login from the first one's address, not from the fabric's.
    expect(
      await lab.on(
        "h2",
        "cat /var/log/sshd.log /run/sshd.log 2>/dev/null | grep 'Accepted publickey for root' | tail -n 1",
      ),
    ).toContain("from 10.211.55.11 ");
  });

  test("a change of the jump host after which nobody gets through it is taken back, though it can be reached itself", async () => {
    const routes = (): Promise<string> => lab.on("h1", "ip -4 route show proto 88");
    await lab.on("h1", "ip route del $(ip -4 route show proto 88)");
    const rule = "OUTPUT -p tcp -d 10.211.55.12 --dport 22 --syn -j REJECT";
    const XHOST_RUN = `"${process.execPath}" "${CLI}" lab exec ${lab.lab.name} h1 iptables -I ${rule}`;
    const hook = { node: ["--import", HOOK], env: { XHOST_AT: CHANGE_OF_H1, XHOST_RUN } };
    const { exitCode, stderr } = await deploy(["--confirm-timeout", "15"], hook);
    expect(stderr).toContain("(ran: 0)");
    expect(exitCode, stderr).toBe(4);
    expect(stderr).toMatch(/^h2: cannot connect [^]*it is reached through h1, which was changed/m);
    await expect.poll(routes, { timeout: 20_000 }).toBe("");
    await lab.on("h1", `iptables -D ${rule}`);
    const next = await deploy();
    expect(next.exitCode, next.stderr).toBe(0);
    expect(next.stderr).toMatch(/^h1: a change of .* was not confirmed, and the host took it back at 20/m);
    expect(await routes()).not.toBe("");
  });
});
