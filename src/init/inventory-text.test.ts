import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseInventory } from "../inventory/parse.ts";
import { inventoryText, type StarterHost } from "./inventory-text.ts";

const parsed = (hosts: readonly StarterHost[]) =>
  parseInventory(inventoryText(hosts, ["head"]), { file: "inventory.yml", env: {} });

test("hosts without much to say, and remarks where they belong", () => {
  const text = inventoryText(
    [
      { name: "h1", ssh: { host: "10.0.0.1" } },
      { name: "h2", ssh: { host: "10.0.0.2" }, remark: "second" },
      { name: "h3", ssh: { host: "127.0.0.1", port: 2222 }, address: "10.0.0.3", remark: "eth1" },
      { name: "h4", ssh: { host: "127.0.0.1", port: 2223 }, remark: "fourth" },
    ],
    ["one", "two"],
  );
  expect(text).toContain("# one\n# two\n\nname: demo #");
  expect(text).toContain(`
hosts:
  h1: 10.0.0.1
  h2: 10.0.0.2 # second
  h3:
    ssh:
      host: 127.0.0.1
      port: 2222
    address: 10.0.0.3 # eth1
  h4:
    ssh:
      host: 127.0.0.1
      port: 2223
    # fourth

networks:
`);
});

test("what all hosts have in common is said once", () => {
  const ssh = { user: "vagrant", strictHostKeyChecking: "no" as const };
  const text = inventoryText(
    [
      { name: "h1", ssh: { ...ssh, host: "10.0.0.1", identityFile: "/k1" } },
      { name: "h2", ssh: { ...ssh, host: "10.0.0.2", identityFile: "/k2" } },
    ],
    [],
  );
  expect(text).toContain("defaults:\n  ssh:\n    user: vagrant\n    strictHostKeyChecking: no\n");
  expect(text).toContain("h1:\n    ssh:\n      host: 10.0.0.1\n      identityFile: /k1\n");
});

test("the network leaves the hosts' own addresses alone", () => {
  expect(inventoryText([{ name: "h1", ssh: { host: "172.30.1.1" } }], [])).toContain("pool: 10.30.0.0/16");
  const two = parsed([{ name: "h1", ssh: { host: "172.30.1.1" }, address: "10.30.0.1" }]);
  expect(two.networks[0]?.pool).toBe("192.168.0.0/16");
});

test("whatever stands in a host comes back, also # : ${ and quotes", () => {
  // A value of ssh that begins or ends with a blank is refused.
  const word = fc
    .string({ minLength: 1 })
    .map((text) => text.trim())
    .filter((text) => text !== "");
  const ssh = fc.record(
    {
      host: word,
      port: fc.integer({ min: 1, max: 65535 }),
      user: word,
      identityFile: word,
      proxyCommand: fc.constantFrom("nc %h %p", "sh -c 'exec nc $HOST ${PORT} $$'", "a # b: c"),
      strictHostKeyChecking: fc.constantFrom("yes", "no", "accept-new"),
    },
    { requiredKeys: ["host"] },
  );
  fc.assert(
    fc.property(fc.array(ssh, { minLength: 1, maxLength: 4 }), (written) => {
      // an inventory takes only what ssh takes for a host, and for a user
      const name = (text: string): string => text.replace(/[\s'`"$\\;&<>|(){}:]/g, "#");
      const hosts = written.map(({ host, user, ...ssh }, i) => ({
        name: `h${i}`,
        ssh: { ...ssh, host: `h${i}${name(host)}`, ...(user !== undefined && { user: `u${name(user)}` }) },
      }));
      expect(parsed(hosts).hosts.map(({ ssh }) => ssh)).toEqual(hosts.map(({ ssh }) => ssh));
    }),
  );
});
