import fc from "fast-check";
import { expect, it } from "vitest";
import { allocate } from "./allocate.ts";
import type { InventoryNetwork } from "./inventory.ts";

const network = (hosts: readonly string[], prefix = 24): InventoryNetwork => ({
  name: "app",
  pool: "172.30.0.0/16",
  prefix,
  blocks: new Map(hosts.map((h) => [h, { kind: "pool" }])),
  plane: "route",
  encrypt: false,
  firewall: "scoped",
  masquerade: false,
});
const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/), { maxLength: 120 });

it("gives every host a block of its own, whatever the order of the file", () => {
  fc.assert(
    fc.property(names, (hosts) => {
      const blocks = allocate(network(hosts));
      expect(new Set(blocks.values()).size).toBe(hosts.length);
      const reversed = allocate(network([...hosts].reverse()));
      for (const host of hosts) expect(reversed.get(host)).toBe(blocks.get(host));
    }),
  );
});
it("moves nobody when hosts come and go, as long as the hosts' blocks are known", () => {
  fc.assert(
    fc.property(names, names, (before, after) => {
      const taken = allocate(network(before));
      const blocks = allocate(network(after), taken);
      for (const host of after.filter((h) => before.includes(h))) expect(blocks.get(host)).toBe(taken.get(host));
      expect(new Set(blocks.values()).size).toBe(after.length);
    }),
  );
});
it("moves few from the file alone: only those whose place is taken by a newcomer", () => {
  const hosts = Array.from({ length: 50 }, (_, i) => `h${i}`);
  const [before, after] = [allocate(network(hosts)), allocate(network([...hosts, "new1", "new2"]))];
  expect(hosts.filter((h) => before.get(h) !== after.get(h)).length).toBeLessThanOrEqual(2);
});
it("fills a pool to the last block and then leaves hosts out", () => {
  const hosts = Array.from({ length: 5 }, (_, i) => `h${i}`);
  expect(allocate(network(hosts, 18)).size).toBe(4);
});
it("keeps clear of explicit subnets", () => {
  const some = {
    ...network(["a", "b", "c"], 17),
    blocks: new Map([
      ["x", { kind: "subnet", subnet: "172.30.0.0/20" }],
      ["a", { kind: "pool" }],
    ] as const),
  };
  expect(allocate(some).get("a")).toBe("172.30.128.0/17");
});
