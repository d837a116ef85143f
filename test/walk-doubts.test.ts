// Walks past rules that cannot be judged, and past those that change addresses.
import { describe, expect, it } from "vitest";
import { blockingRules } from "../src/walk/blocking.ts";
import { firstDrop } from "../src/walk/walk.ts";
import { dropped, edited, endOf, inserted, walked, whole } from "./walk-scene.ts";

describe("what cannot be judged", () => {
  it("a drop behind it is not told for sure, and never left out", () => {
    const changed = edited({ host: "h2", own: inserted("filter", "FORWARD", "-m set --match-set bad src -j DROP") });
    const { there } = walked(changed);
    expect(firstDrop(there.hops)).toBeUndefined();
    expect(there.hops.filter(({ verdict }) => verdict === "unknown").map(({ why }) => why)).toEqual([
      "nobody can tell from outside whether --match-set bad src holds",
    ]);
    expect(blockingRules(whole, changed)).toEqual([]);
    expect(blockingRules(whole, changed, { doubtful: true }).map(({ remedy }) => remedy)).toEqual([
      "iptables -t filter -I FORWARD 1 -s 172.30.194.0/24 -d 172.30.189.0/24 -j ACCEPT",
    ]);
  });

  it("an accept before a drop leaves a doubt", () => {
    const drop = inserted("raw", "PREROUTING", "-j DROP");
    const accept = inserted("raw", "PREROUTING", "-m set --match-set good src -j ACCEPT");
    const { there } = walked(edited({ host: "h2", own: (space) => accept(drop(space)) }));
    const hop = there.hops.find(({ why }) => why.startsWith("drops it"));
    expect(hop?.verdict).toBe("unknown");
    expect(hop?.why).toBe("drops it; rule 1 of PREROUTING may accept it");
  });
});

describe("addresses that are changed", () => {
  it("claims no drop behind a RETURN of which nobody can tell whether it is met", () => {
    const drop = inserted("filter", "DOCKER-USER", "-j DROP");
    const allowed = inserted("filter", "DOCKER-USER", "-m set --match-set allowed src -j RETURN");
    expect(dropped(edited({ host: "h2", own: drop }))).toMatch(/^h2 filter FORWARD/);
    expect(dropped(edited({ host: "h2", own: (space) => allowed(drop(space)) }))).toBeUndefined();
  });

  it("a masquerade is noted, and the answer finds its way back", () => {
    const own = inserted("nat", "POSTROUTING", "-s 172.30.0.0/16 -j MASQUERADE");
    const { there } = walked(edited({ host: "h1", own }));
    const hop = there.hops.find(({ becomes }) => becomes !== undefined);
    expect(hop?.host).toBe("h1");
    expect(hop?.becomes?.source).not.toBe(endOf("c1").address);
    expect(there.arrived?.packet.source).toBe(hop?.becomes?.source);
  });

  it("what is kept out of connection tracking meets no rule of nat", () => {
    const nat = inserted("nat", "POSTROUTING", "-j MASQUERADE");
    const notrack = inserted("raw", "PREROUTING", "-s 172.30.0.0/16 -j CT --notrack");
    const { there } = walked(edited({ host: "h1", own: (space) => notrack(nat(space)) }));
    expect(there.arrived?.packet.source).toBe(endOf("c1").address);
  });
});
