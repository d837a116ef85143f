import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { clashesOf, plansOf } from "../../src/commands/planning.ts";
import type { Look } from "../../src/commands/look.ts";
import { fabric } from "../../src/model/fabric.ts";
import type { Facts } from "../../src/model/facts.ts";
import { dockerFacts } from "../../src/observe/docker.ts";
import { parseHost } from "../../src/observe/observe.ts";
import { look } from "../captured.ts";
import { inShell, SHELLS } from "./shells.ts";
import { hostile } from "./texts.ts";

const cwd = mkdtempSync(join(tmpdir(), "xhost-hostile-"));
afterAll(() => rmSync(cwd, { recursive: true }));

/** What a host that is in other hands says of itself, and another one is told. */
const LIES = ["address", "source", "gateway", "key", "network"] as const;
type Lies = readonly (typeof LIES)[number][];

const lying = (facts: Facts, text: string, lies: Lies): Facts => {
  const said = <T>(about: (typeof LIES)[number], truth: T): string | T => (lies.includes(about) ? text : truth);
  const links = facts.interfaces.map(({ name, mtu, addresses }) => ({
    ...{ ifname: name, mtu, flags: ["UP"] },
    addr_info: [
      { family: "inet", local: said("address", "10.99.0.1"), prefixlen: 24 },
      ...addresses.map((a) => ({ family: "inet", local: a.address, prefixlen: a.prefix })),
    ],
  }));
  const routes = facts.routes.map((route) => ({
    dst: route.destination,
    dev: route.device,
    ...(route.gateway !== undefined && { gateway: said("gateway", route.gateway) }),
    prefsrc: said("source", route.source),
  }));
  const line = text.replaceAll("\n", " ");
  const output = `\u001elinks\n${JSON.stringify(links)}\n\u001eroutes\n${JSON.stringify(routes)}\n\u001ekeys\n/etc/xhost/capture/wireguard.key ${lies.includes("key") ? line : `${"A".repeat(43)}=`}\n\u001epaths\n/etc/xhost/capture/paths h2 ${line}\n`;
  const network = {
    Id: "0".repeat(64),
    Name: "app",
    Driver: "bridge",
    Labels: { "io.xhost.project": "capture" },
    IPAM: {
      Config: [{ Subnet: said("network", "172.30.194.0/24"), Gateway: said("network", "172.30.194.1") }],
    },
  };
  const answers = {
    info: { ServerVersion: text },
    networks: [network],
    containers: [],
    volumes: { Volumes: [] },
    images: [],
  };
  const { networks, engine } = dockerFacts(answers);
  const { interfaces, routes: told, keys, evidence } = parseHost(output);
  return { ...facts, interfaces, routes: told, keys, evidence, networks, engine };
};

const PLANES = ["route", "vxlan", "wireguard"] as const;

test("a host in other hands cannot make the others run anything", async () => {
  const scripts: string[] = [];
  const seen = new Map<string, Look>();
  for (const plane of PLANES) {
    const edit = (text: string): string => text.replace("plane: route", `plane: ${plane}`);
    const editFacts = (f: Facts): Facts => ({
      ...f,
      modules: new Map([...f.modules, ["wireguard", "loadable"]]),
      programs: new Set([...f.programs, "wg"]),
    });
    seen.set(plane, await look({ moment: "before", edit, editFacts }));
  }
  fc.assert(
    fc.property(hostile, fc.constantFrom(...PLANES), fc.subarray([...LIES]), (text, plane, lies) => {
      const whole = seen.get(plane);
      const h1 = whole?.sights.get("h1");
      if (whole === undefined || h1?.facts === undefined) throw new TypeError("no captures");
      const sights = new Map([...whole.sights, ["h1", { ...h1, facts: lying(h1.facts, text, lies) }] as const]);
      const its = { ...whole, sights };
      const all = fabric(its.inventory, sights);
      clashesOf(its, all, { iKnow: true });
      for (const { host, steps } of plansOf(its, all, { env: {} }))
        for (const step of steps)
          if (host !== "h1" && step.kind === "shell") {
            const script = `${step.script}\n${step.undo?.script ?? ""}`;
            expect(script).toMatch(/^[\n -~]*$/);
            expect(script).not.toContain("canary");
            scripts.push(script);
          }
    }),
    { numRuns: 300 },
  );
  // A shell that only reads finds them whole: nothing is left open.
  const [shell = "sh"] = SHELLS;
  expect(scripts.length).toBeGreaterThan(300);
  const some = [...new Set(scripts)].slice(0, 20).map((script) => `set -n\n${script}`);
  for (const script of some) inShell(shell, script, { cwd });
});
