// The planes on hosts with kernels of their own and the real modules: ipip is what hosts of namespaces cannot have here.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { byPlane, deployed, endsOf, expectInSync, testPlane } from "../e2e/plane-table.ts";
import { sent } from "../e2e/packets.ts";
import { addressOf, testLab, type TestLab } from "../e2e/xhost.ts";
import { testBoot } from "./boot.ts";
import { testConfirm } from "./confirm.ts";
import { testCapture, testTrace } from "./looking.ts";

let lab: TestLab;

/** A word with such a host takes a second. */
const PATIENT = { timeout: 90_000, interval: 200 };

beforeAll(async () => {
  lab = await testLab("vm-planes", 2, "bookworm", { kind: "uml" });
});
afterAll(() => lab.down());

const fault = async (...faults: readonly string[]): Promise<void> => {
  const { code, stderr } = await lab.xhost("lab", "fault", "vm-planes", ...faults);
  expect(code, stderr).toBe(0);
};

for (const plane of ["ipip", "vxlan", "route"] as const) testPlane(plane, () => lab);

describe("ipip on the wire", () => {
  let file: string;
  beforeAll(async () => {
    file = await byPlane(lab, "ipip");
    await deployed(lab, file);
  });
  afterAll(async () => {
    await lab.xhost("destroy", file, "--yes");
  });

  test("a packet has two IP headers: the hosts' outside, the containers' inside", async () => {
    const [one, two] = endsOf(lab);
    if (one === undefined || two === undefined) throw new Error("no containers");
    const [from, to] = [await addressOf(lab, one.host, one.container), await addressOf(lab, two.host, two.container)];
    const capture = "timeout 120 tcpdump -n -v -l -c 1 -i eth0 'ip proto 4 and src 10.211.55.11' 2>/tmp/tcpdump.log";
    const seen = lab.on("h2", capture);
    await vi.waitFor(async () => expect(await lab.on("h2", "cat /tmp/tcpdump.log")).toContain("listening on"), PATIENT);
    expect(await sent(lab, one, to, 1480)).toBe("arrives");
    expect(await seen).toMatch(
      new RegExp(
        `proto IPIP \\(4\\), length 1500\\)\\s+10.211.55.11 > 10.211.55.12: IP \\(.*proto ICMP \\(1\\), length 1480\\)\\s+${from} > ${to}: ICMP echo request`,
      ),
    );
  });

  test("the module was loaded by the plan, and tunl0, which came with it, is down", async () => {
    expect(await lab.on("h1", "cat /etc/xhost/vm-planes/before")).toContain("module.ipip=absent");
    expect(await lab.on("h1", "ip -o link show tunl0")).toContain("state DOWN");
  });

  test("an IPIP packet from somebody else does not come in, whatever addresses it carries", async () => {
    // 10.211.55.1 is the switch, which is in no inventory; the inner packet pretends to come from c2
    const [one, two] = endsOf(lab);
    if (one === undefined || two === undefined) throw new Error("no containers");
    const [victim, pretended] = [await addressOf(lab, "h1", one.container), await addressOf(lab, "h2", two.container)];
    const count = async (): Promise<string> =>
      lab.on("h1", "iptables -nvxL XHOST-vm-planes.i | awk '/DROP/ { print $1 }'");
    const before = Number(await count());
    const forged = `socket(S,2,3,255) or die; sub a { pack "C4", split /[.]/, shift } sub ip { my($p,$l,$s,$d)=@_; my $h=pack "CCnnnCCna4a4",69,0,$l,0,0,64,$p,0,a($s),a($d); my $c=unpack "%32n*",$h; $c=($c&65535)+($c>>16) while $c>>16; substr($h,10,2)=pack "n",~$c&65535; $h } my $echo=pack "CCnnn",8,0,0xf7ff,0,0; send(S, ip(4,48,"10.211.55.1","10.211.55.11").ip(1,28,"${pretended}","${victim}").$echo, 0, pack "S n a4 x8", 2, 0, a("10.211.55.11")) or die $!`;
    await lab.xhost("lab", "exec", "vm-planes", "fabric", "perl", "-e", forged);
    await vi.waitFor(async () => expect(Number(await count())).toBe(before + 1), PATIENT);
  });

  testTrace({ lab: () => lab, file: () => file });
  testCapture({ lab: () => lab, file: () => file });
});

test("destroy leaves the module to somebody else's tunnel, and unloads it where there is none", async () => {
  const file = await byPlane(lab, "ipip");
  await deployed(lab, file);
  await lab.on("h1", "ip link add theirs type ipip local 10.9.9.8 remote 10.9.9.9");
  expect((await lab.xhost("destroy", file, "--yes")).code).toBe(0);
  expect(await lab.on("h1", "ip -o link show theirs")).toContain("theirs");
  expect(await lab.on("h2", "ls -d /sys/module/ipip || true")).toBe("");
  await lab.on("h1", "ip link del theirs && modprobe -r ipip");
});

describe("auto, where every plane's module is there", () => {
  let file: string;
  beforeAll(async () => {
    file = await byPlane(lab, "auto");
  });
  afterAll(async () => {
    await fault("--clear");
    await lab.xhost("destroy", file, "--yes");
  });

  test.each([
    ["nothing is dropped", ["--clear"], "route", 1500],
    ["foreign sources are dropped", ["--drop", "foreign-sources"], "ipip", 1480],
    ["protocol 4 is dropped too", ["--drop", "foreign-sources", "--drop", "proto4"], "vxlan", 1450],
  ] as const)("%s", async (_what, faults, plane, mtu) => {
    await fault(...faults);
    const { pairs } = await deployed(lab, file, "--reprobe");
    expect(pairs).toEqual([expect.objectContaining({ plane, mtu })]);
  });

  test("where nothing crosses, it says what was tried and seen, and changes nothing", async () => {
    await fault("--drop", "foreign-sources", "--drop", "proto4", "--drop", "udp");
    const { code, stderr } = await lab.xhost("deploy", file, "--yes", "--reprobe");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /no plane crosses between h1 and h2: route: .* do not arrive from h1 to h2 nor from h2 to h1; ipip: packets of IP protocol 4 do not arrive .*; vxlan: .*; wireguard: /,
    );
    await fault("--drop", "foreign-sources", "--drop", "proto4");
    await expectInSync(lab, file);
  });
});

testConfirm(() => lab, "vm-planes");
testBoot(() => lab);
