import { expect, test } from "vitest";
import { unexplained } from "../../src/doctor/checks/checked.ts";
import { driftOf } from "../../src/doctor/checks/drift-words.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import type { Link } from "../../src/model/link.ts";
import { linkName } from "../../src/model/names.ts";
import { sceneOf } from "./scenes.ts";

const failed: Finding = {
  ...{ from: "c1", to: "c2", probe: { kind: "ping" }, address: "172.30.2.2", result: "failed" },
  ...{ rtt: undefined, source: undefined, note: "no answer" },
};

/** What is said of the failed check where h1's tunnel has made its last handshake with h2 that many seconds ago; 0: none so far. */
const told = async (age: number): Promise<readonly string[]> => {
  const scene = await sceneOf({ moment: "after", edit: (text) => text.replace("plane: route", "plane: wireguard") });
  const publicKey = scene.fabric.ports.wireguard.get("h2")?.publicKey ?? "";
  const peer = {
    ...{ device: linkName("capture", "wireguard"), publicKey, endpoint: "10.211.55.12:51820", received: 0, sent: 148 },
    handshake: age === 0 ? 0 : 10_000 - age,
  };
  const seen = scene.seen.map((s) => ({ ...s, depth: { ...s.depth, clock: 10_000, wireguard: [peer] } }));
  return unexplained({ ...scene, seen }, [failed], []).map((c) => `${c.id} ${c.host} ${c.peer ?? ""}: ${c.seen}`);
};

test("a failed check over a tunnel whose handshakes have ended tells so", async () => {
  expect(await told(181)).toEqual([
    expect.stringMatching(/^handshake-old h1 h2: the last WireGuard handshake with h2 was 181 s ago; c1 to c2 /),
  ]);
  expect(await told(0)).toEqual([
    expect.stringMatching(/^handshake-old h1 h2: no WireGuard handshake with h2 so far; c1 to c2 /),
  ]);
  expect(await told(179)).toEqual([expect.stringMatching(/^check-failed h1 h2: c1 to c2 /)]);
});

test("a ping that arrives under another address is told as that", async () => {
  const scene = await sceneOf({ moment: "after" });
  const note = "arrives, but not with its own address 172.30.1.2";
  const all = unexplained(scene, [{ ...failed, source: "10.211.55.11", note }], []);
  expect(all.map(({ id, host, peer }) => [id, host, peer])).toEqual([["source-changed", "h1", "h2"]]);
});

test("a tunnel whose checksums the device was told to write again has an id of its own, and one with another port not", () => {
  const have = { kind: "link", type: "vxlan", name: "xh-demo-vxlan", up: true } as Link;
  const idOf = (...changed: readonly string[]) => driftOf({ want: have, have, changed })?.id;
  expect(idOf("checksum offload on -> off")).toBe("vxlan-offload");
  expect(idOf("checksum offload on -> off", "port 4789 -> 8472")).toBe("link-wrong");
});
