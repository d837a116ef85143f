import { expect, test } from "vitest";
import type { Facts } from "../../src/model/facts.ts";
import { depthOf, named } from "./scenes.ts";

test("hosts on which everything stands have nothing", async () => {
  expect(await named({ moment: "after" })).toEqual([]);
});

test("before a deploy the networks are what is missing, and not all that comes with them", async () => {
  const ids = new Set((await named({ moment: "before" })).map((text) => text.split(" ")[0]));
  expect([...ids].sort()).toEqual(["ip-forward", "network-missing", "rules-missing"].filter((id) => ids.has(id)));
  expect(ids).toContain("network-missing");
});

test("strict reverse path filtering is a fault only where the way back is another one", async () => {
  const strict = (other: boolean) => (facts: Facts, host: string) => ({
    conf: new Map(host === "h1" ? [["eth0.rp_filter", "1"]] : []),
    ...(other && { routes: depthOf(facts).own.routes.map((r) => ({ ...r, device: "eth1" })) }),
  });
  expect(await named({ moment: "after" }, strict(false))).toEqual([]);
  expect(await named({ moment: "after" }, strict(true))).toEqual(["rp-filter h1 fault"]);
});

test("loose filtering for all devices counts for more than strict filtering of one", async () => {
  const conf = new Map([
    ["all.rp_filter", "2"],
    ["eth0.rp_filter", "1"],
  ]);
  const edit = (facts: Facts) => ({
    conf,
    routes: depthOf(facts).own.routes.map((r) => ({ ...r, device: "eth1" })),
  });
  expect(await named({ moment: "after" }, edit)).toEqual([]);
});

test("Docker's nftables backend is named as such", async () => {
  const editFacts = (facts: Facts): Facts => ({ ...facts, firewallBackend: "nftables" });
  const ids = await named({ moment: "after", editFacts });
  expect(ids).toEqual(["engine-backend h1 fault", "engine-backend h2 fault", "engine-backend h3 fault"]);
});
