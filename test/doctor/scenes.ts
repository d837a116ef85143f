// Scenes for the checks of doctor, of what real hosts said (test/captures); the lab breaks the rest (test/e2e/doctor.e2e.ts).
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { examine } from "../../src/doctor/checks/examine.ts";
import type { Scene } from "../../src/doctor/checks/scene.ts";
import { settled } from "../../src/doctor/checks/settle.ts";
import type { DeepLink, Depth, Space } from "../../src/model/depth.ts";
import { fabric } from "../../src/model/fabric.ts";
import type { Facts } from "../../src/model/facts.ts";
import type { Sight } from "../../src/model/sight.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { parsePolicies } from "../../src/observe/depth-policies.ts";
import { parseDepth } from "../../src/observe/depth.ts";
import { facts, look, type Case } from "../captured.ts";

const counts = { packets: 0, errors: 0, dropped: 0 };
const linkOf = (link: Facts["interfaces"][number], index: number): DeepLink => ({
  ...link,
  ...{ index, carrier: true, master: undefined, peerIndex: undefined, portState: undefined },
  ...{ isolated: false, hairpin: false, bridgeCallsIptables: false, received: counts, sent: counts },
});

/** The kernel's own policy rules (ip-rule(8)). */
const POLICIES = parsePolicies(
  '[{"priority":0,"src":"all","table":"255"},{"priority":32766,"src":"all","table":"254"},{"priority":32767,"src":"all","table":"253"}]',
);

/** A deep look that agrees with the facts and has nothing else. */
export const depthOf = ({ interfaces, routes }: Facts, edit: Partial<Space> = {}): Depth => ({
  clock: 0,
  own: {
    links: interfaces.map(linkOf),
    policies: POLICIES,
    routes: routes.map((r) => ({
      ...{ table: "main", type: "unicast", onlink: false, flags: [], multipath: false, gateway: undefined },
      ...{ source: undefined, mtu: undefined, ...r },
    })) as Space["routes"],
    ...{
      neighbours: [],
      fdb: [],
      conf: new Map(),
      iptables: new Map(),
      otherIptables: new Map(),
      nft: [],
      variant: "nft",
    },
    ...edit,
  },
  containers: new Map(),
  qdiscs: [],
  wireguard: [],
  unseen: [],
});

/** What the checks look at, of captured hosts. */
export const sceneOf = async (each: Case, edit?: (facts: Facts, host: string) => Partial<Space>): Promise<Scene> => {
  const { inventory, sights } = await look(each);
  const seen = [...sights].flatMap(([host, { facts }]) =>
    facts === undefined ? [] : [{ host, facts, depth: depthOf(facts, edit?.(facts, host)) }],
  );
  return { fabric: fabric(inventory, sights), seen, deploy: "xhost deploy inventory.yml" };
};

/** What is found on them without packets: id, host and severity. */
export const named = async (
  each: Case,
  edit?: (facts: Facts, host: string) => Partial<Space>,
): Promise<readonly string[]> =>
  settled(examine(await sceneOf(each, edit), {})).map(({ id, host, severity }) => `${id} ${host} ${severity}`);

const HOSTS = ["h1", "h2", "h3"];

/** A scene of hosts with all that was read of them, changed where a test says so. */
export const deepScene = async (edit: (space: Space, host: string) => Space = (space) => space): Promise<Scene> => {
  const { inventory } = await look({ moment: "after" });
  const seen = await Promise.all(
    HOSTS.map(async (host) => {
      const depth = parseDepth(await readFile(join(import.meta.dirname, "../captures/deep", `${host}.txt`), "utf8"));
      return { host, facts: await facts("deep", host), depth: { ...depth, own: edit(depth.own, host) } };
    }),
  );
  const sights = inventory.hosts.map((host): [string, Sight] => [
    host.name,
    { host, hostname: host.ssh.host, facts: seen.find((s) => s.host === host.name)?.facts },
  ]);
  return { fabric: fabric(inventory, new Map(sights)), seen, deploy: "xhost deploy inventory.yml" };
};

/** A failed ping. */
export const failedPing = (from: string, to: string): Finding => ({
  ...{ from, to, probe: { kind: "ping" }, address: undefined, result: "failed" },
  ...{ rtt: undefined, source: undefined, note: "no answer" },
});
