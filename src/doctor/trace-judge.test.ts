import { describe, expect, it } from "vitest";
import type { Decider, Hop } from "../walk/hop.ts";
import { guilt } from "./trace-judge.ts";
import type { Seen } from "./trace-sight.ts";

const hop = (host: string, decides: Decider, verdict: Hop["verdict"] = "passes"): Hop => ({
  host,
  container: undefined,
  point: decides.kind,
  decides,
  verdict,
  why: `${verdict} it`,
  isOuter: false,
});
const tap = (host: string, device: string, way: "in" | "out"): Hop => hop(host, { kind: "tap", device, way });
const rule = (chain: string, text: string): Decider => ({
  kind: "rule",
  tool: "iptables",
  table: "filter",
  chain,
  number: 1,
  text,
});
const network: Decider = { kind: "network", text: "the network between h1 and h2" };

const IDS = [0, 1, 2];
const DROP = rule("FORWARD", "-j DROP");

/** The taps among the hops, each seen by as many probes as the list says. */
const trial = (hops: readonly Hop[], counts: readonly number[], rises: Parameters<typeof guilt>[0]["rises"] = []) => {
  const taps = hops.flatMap((each, at) => (each.decides.kind === "tap" ? [{ each, at }] : []));
  const seen = taps.map(({ each, at }, i): Seen => ({
    at,
    hop: each,
    ids: new Set(IDS.slice(0, counts[i])),
    sources: new Set(),
  }));
  return { hops, seen, ids: IDS, rises, errors: [] };
};
const rise = (host: string, decides: Decider, by: number) => ({ host, container: undefined, decides, by, drops: true });

describe("who is blamed", () => {
  const way = [
    tap("h1", "br", "in"),
    hop("h1", DROP, "drops"),
    tap("h1", "eth0", "out"),
    hop("h1", network),
    tap("h2", "eth0", "in"),
  ];

  it("nobody, where the last device saw probes, be it one of three", () => {
    expect(guilt(trial(way, [3, 3, 1]))).toBeUndefined();
  });

  it("the rule that the walk names, and its counter speaks for it", () => {
    const found = guilt(trial(way, [3, 0, 0], [rise("h1", DROP, 3)]));
    expect(found?.hop).toBe(way[1]);
    expect(found?.evidence).toEqual(["its counter rose by 3"]);
    expect([found?.last, found?.missing]).toEqual([way[0], way[2]]);
  });

  it("not what the walk names before the place where probes were seen", () => {
    expect(guilt(trial(way, [3, 3, 0]))?.hop).toBe(way[3]);
  });

  it("a rule that the walk does not name, by its counter alone; not one that rose by less, or elsewhere", () => {
    const other = rule("FORWARD", "-m u32 -j DROP");
    const quiet = [way[0]!, way[2]!, way[3]!, way[4]!];
    const rises = [rise("h1", rule("FORWARD", "-s 9.9.9.9/32 -j DROP"), 2), rise("h1", other, 3), rise("h2", DROP, 3)];
    expect(guilt(trial(quiet, [3, 0, 0], rises))?.hop.decides).toEqual(other);
  });

  it("what cannot be judged, before a place that nobody can look into", () => {
    const unsure = [way[0]!, hop("h1", rule("FORWARD", "-m set -j DROP"), "unknown"), way[2]!];
    expect(guilt(trial(unsure, [3, 0]))?.hop).toBe(unsure[1]);
  });

  it("a way that ends at a host, though all its devices saw the probes", () => {
    const dead = [way[0]!, hop("h1", { kind: "route", table: "main", text: "none to 172.30.2.2" }, "drops")];
    expect(guilt(trial(dead, [3]))?.hop).toBe(dead[1]);
  });
});
