import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf, ENGINES, obedient, pings, testLab, type TestLab } from "./xhost.ts";

/** Whether an outsider on the fabric, who has a route to a container's block, gets an answer from it. */
const outsiderReaches = async (lab: TestLab, host: string, address: string): Promise<boolean> => {
  const via = lab.lab.hosts.find((h) => h.name === host)?.address ?? "";
  const route = `${address.replace(/\.\d+$/, ".0")}/24`;
  await lab.on("fabric", `ip route replace ${route} via ${via}`);
  try {
    return await lab.on("fabric", `ping -c 1 -W 1 ${address}`).then(
      () => true,
      () => false,
    );
  } finally {
    await lab.on("fabric", `ip route del ${route}`);
  }
};

const HTTP_GET = `bash -c 'exec 3<>/dev/tcp/10.211.55.11/8080; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'`;

/** Prints the source of the first echo request that comes in: a raw ICMP socket gets them with their IP header. */
const FIRST_ECHO =
  'use Socket; alarm 90; socket(S,PF_INET,SOCK_RAW,1) or die; do { recv(S,$b,65535,0) } until ord(substr($b,(ord($b)&15)*4,1))==8; print join(".",unpack("C4",substr($b,12,4)))';

/** The source address under which a ping of a container to the outside (192.0.2.1) arrives there. */
const outsideSees = async (lab: TestLab, host: string, container: string): Promise<string> => {
  const look = lab.on("fabric", `perl -e '${FIRST_ECHO}'`);
  const over = new AbortController();
  const looked = look.finally(() => over.abort());
  // Nothing tells when it listens.
  while (!over.signal.aborted) await lab.on(host, `docker exec ${container} ping -c 1 -W 2 192.0.2.1`);
  return looked;
};

describe.each(ENGINES)("firewall on %s", (_title, engine) => {
  let lab: TestLab;
  const before = new Map<string, string>();
  const mode = (firewall: string, more = ""): Promise<string> =>
    lab.inventory(`${firewall}.yml`, (text) =>
      obedient(text).replace("plane: route", `plane: route\n    firewall: ${firewall}${more}`),
    );
  beforeAll(async () => {
    lab = await testLab(`xf-${engine}`, 2, engine);
    for (const host of ["h1", "h2"]) {
      // iptables-nft makes the chain when it is first named; a test below does.
      await lab.on(host, "iptables -P INPUT ACCEPT");
      before.set(host, await lab.snapshot(host));
    }
  });
  afterAll(() => lab.down());

  test("scoped lets the fabric in and nobody else, and the way out stays masqueraded", async () => {
    const { code, stderr } = await lab.xhost("deploy", await mode("scoped"), "--yes");
    expect(code, stderr).toBe(0);
    const [c1, c2] = [await addressOf(lab, "h1", "c1"), await addressOf(lab, "h2", "c2")];
    expect(await pings(lab, "h1", "c1", c2)).toBe(true);
    expect(await pings(lab, "h2", "c2", c1)).toBe(true);
    expect(await outsiderReaches(lab, "h1", c1)).toBe(false);
    expect(await outsideSees(lab, "h1", "c1")).toBe("10.211.55.11");
  });

  test("scoped to flush in place: everybody gets in, Docker still makes networks and publishes ports", async () => {
    const { code, stderr } = await lab.xhost("deploy", await mode("flush"), "--yes");
    expect(code, stderr).toBe(0);
    const c1 = await addressOf(lab, "h1", "c1");
    expect(await outsiderReaches(lab, "h1", c1)).toBe(true);
    await lab.on(
      "h1",
      "docker network create other && docker run -d --name pub --network other -p 8080:80 xhost-lab:1 httpd -f -p 80 -h /www",
    );
    expect(await lab.on("fabric", HTTP_GET)).toContain("hello from the xhost lab");
    await lab.on("h1", "docker rm -f pub && docker network rm other");
  });

  test("flush is refused where the INPUT policy is DROP, unless --i-know", async () => {
    await lab.on(
      "h2",
      "iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables -A INPUT -p icmp -j ACCEPT; iptables -P INPUT DROP",
    );
    const file = await mode("flush");
    const refused = await lab.xhost("deploy", file, "--yes");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("h2: network app: firewall flush is refused where the INPUT policy is DROP");
    expect((await lab.xhost("deploy", file, "--yes", "--i-know")).code).toBe(0);
    await lab.on("h2", "iptables -P INPUT ACCEPT; iptables -F INPUT");
  });

  test("none leaves the firewall alone, and the checks say that packets die", async () => {
    const { code, stdout } = await lab.xhost("deploy", await mode("none"), "--yes");
    expect(code).toBe(1);
    expect(stdout).toContain("FAILED");
    for (const host of ["h1", "h2"]) expect(await lab.on(host, "iptables-save")).not.toContain("xhost");
  });

  test("masquerade between hosts hides the container behind its host, and still passes", async () => {
    const { code, stdout, stderr } = await lab.xhost(
      "deploy",
      await mode("scoped", "\n    masquerade: true"),
      "--yes",
      "--json",
    );
    expect(code, stderr).toBe(0);
    const { checks } = JSON.parse(stdout) as { checks: { from: string; result: string; source: string }[] };
    expect(checks.map((c) => [c.from, c.result, c.source])).toEqual([
      ["c1", "ok", "10.211.55.11"],
      ["c2", "ok", "10.211.55.12"],
    ]);
  });

  test("destroy puts back what was before, from whatever mode", async () => {
    expect((await lab.xhost("deploy", await mode("flush"), "--yes")).code).toBe(0);
    expect((await lab.xhost("destroy", await mode("flush"), "--yes")).code).toBe(0);
    for (const host of ["h1", "h2"]) expect(await lab.snapshot(host), host).toBe(before.get(host));
  });
});
