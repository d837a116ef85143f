import { describe, expect, it } from "vitest";
import { desiredState } from "../src/model/desired.ts";
import { fabric } from "../src/model/fabric.ts";
import type { Facts } from "../src/model/facts.ts";
import type { HostState } from "../src/model/state.ts";
import { planHost } from "../src/plan/plan.ts";
import { formatPlan } from "../src/plan/format.ts";
import { look } from "./captured.ts";

/** What should stand on h1 of the captured hosts by a plane; `edit` changes what the hosts said. */
const stateBy = async (plane: string, edit: (f: Facts) => Facts = (f) => f): Promise<HostState> => {
  const able = (f: Facts): Facts => edit({ ...f, modules: new Map([...f.modules, ["ipip", "loadable"]]) });
  const inventory = (t: string): string => t.replace("plane: route", `plane: ${plane}`);
  const seen = await look({ moment: "before", edit: inventory, editFacts: able });
  const seenFacts = seen.sights.get("h1")?.facts;
  if (seenFacts === undefined) throw new Error("no facts");
  return desiredState(fabric(seen.inventory, seen.sights), "h1", seenFacts, {});
};

const planned = (desired: HostState, actual: HostState): readonly string[] =>
  formatPlan([planHost("h1", { desired, actual, project: "capture" })])
    .split("\n")
    .map((line) => line.trim());

const PLANES = ["route", "ipip", "vxlan", "wireguard"];

describe("from one plane to another", () => {
  it.each(PLANES)("%s to itself is nothing", async (plane) => {
    const state = await stateBy(plane);
    expect(planned(state, state)).toEqual(["Nothing to do."]);
  });

  it.each(PLANES.flatMap((from) => PLANES.filter((to) => to !== from).map((to) => [from, to] as const)))(
    "%s to %s replaces the routes, makes a device and removes the other after that",
    async (from, to) => {
      const lines = planned(await stateBy(to), await stateBy(from));
      const at = (text: string): number => lines.findIndex((line) => line.startsWith(text));
      expect(lines.filter((line) => line.startsWith("route "))).toHaveLength(2);
      expect(lines.filter((line) => line.startsWith("route replace "))).toHaveLength(2);
      if (from !== "route") expect(at("link del dev")).toBeGreaterThan(at("route replace"));
      if (to !== "route" && to !== "wireguard") expect(at("link add")).toBeLessThan(at("route replace"));
      if (to === "wireguard") expect(at("wg addconf")).toBeLessThan(at("route replace"));
    },
  );
});

describe("a device that cannot be changed in place", () => {
  const moved = (f: Facts): Facts => ({ ...f, udpPorts: new Set([4789]) });

  it("is made anew with all that leads over it", async () => {
    const lines = planned(await stateBy("vxlan", moved), await stateBy("vxlan"));
    expect(lines).toContain("± link xh-captu-b800ef: port 4789 -> 8472");
    expect(lines.indexOf("ip link del dev xh-captu-b800ef")).toBeLessThan(
      lines.findIndex((line) => line.startsWith("link add name xh-captu-b800ef")),
    );
    expect(lines.filter((line) => line.startsWith("route add "))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith("neigh replace "))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith("fdb replace "))).toHaveLength(2);
  });

  it("takes what is not wanted any more with it, and nothing of that is removed by name", async () => {
    const actual = await stateBy("vxlan");
    const desired = (await stateBy("vxlan", moved)).filter(
      (r) => !(r.kind === "route" && r.via === "10.211.55.13") && !("address" in r && r.address === "10.211.55.13"),
    );
    const lines = planned(desired, actual);
    expect(lines.some((line) => line.startsWith("- route "))).toBe(true);
    expect(lines.filter((line) => /^(route|neigh) del /.test(line))).toEqual([]);
  });
});

describe("a device that changes in place", () => {
  it("keeps what leads over it", async () => {
    const state = await stateBy("ipip");
    const narrow = state.map((r) => (r.kind === "link" ? { ...r, mtu: 1380, up: false } : r));
    const lines = planned(state, narrow);
    expect(lines).toContain("~ link xh-capture-ipip: mtu 1380 -> 1480, up false -> true");
    expect(lines).toContain("link set dev xh-capture-ipip mtu 1480 up");
    expect(lines.some((line) => line.startsWith("route "))).toBe(false);
  });
});

describe("a wireguard peer", () => {
  it("whose host is behind a NAT may have moved", async () => {
    const state = await stateBy("wireguard");
    const roaming = state.map((r) => (r.kind === "peer" ? { ...r, roams: true } : r));
    const elsewhere = roaming.map((r) => (r.kind === "peer" ? { ...r, endpoint: "192.0.2.9:4711" } : r));
    expect(planned(roaming, elsewhere)).toEqual(["Nothing to do."]);
    expect(planned(state, elsewhere)).not.toEqual(["Nothing to do."]);
  });
  it("that is not wanted any more is removed by its key", async () => {
    const state = await stateBy("wireguard");
    const peers = state.filter((r) => r.kind === "peer");
    const lines = planned(
      state.filter((r) => r !== peers[0]),
      state,
    );
    expect(lines).toContain(`wg set xh-capture-wg peer ${peers[0]?.publicKey ?? ""} remove`);
  });
});
