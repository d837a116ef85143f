import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { endsOf } from "../../src/doctor/attribute.ts";
import { WHY } from "../../src/doctor/ids.ts";
import { covering } from "../../src/doctor/sample.ts";
import { parseInventory } from "../../src/inventory/parse.ts";

test("a covering part has every pair of hosts both ways, every container as source and target, and what is no ping", () => {
  const hosts = Array.from({ length: 8 }, (_, i) => `h${i}`);
  const text = `name: many
hosts: { ${hosts.map((h, i) => `${h}: 10.0.0.${i + 1}`).join(", ")} }
networks: { app: { pool: 172.30.0.0/16 } }
containers: { ${["a1", "b1", "c1"].map((c) => `${c}: { hosts: all, network: app, image: x }`).join(", ")} }
`;
  const inventory = parseInventory(text, { file: "x.yml", env: {} });
  const ends = endsOf(inventory);
  const chosen = covering(inventory.checks, ends);
  expect(inventory.checks).toHaveLength(24 * 23);
  expect(chosen.length).toBeLessThan(90);
  const pairs = new Set(chosen.map(({ from, to }) => `${ends.get(from)?.host ?? ""} ${ends.get(to)?.host ?? ""}`));
  expect(pairs.size).toBe(64);
  expect(new Set(chosen.map(({ from }) => from)).size).toBe(24);
  expect(new Set(chosen.map(({ to }) => to)).size).toBe(24);
});

test("every id is in docs/doctor.md, with its reason", async () => {
  const text = (await readFile(join(import.meta.dirname, "../../docs/doctor.md"), "utf8")).replace(/ +/g, " ");
  for (const [id, why] of Object.entries(WHY)) expect(text).toContain(`| \`${id}\` | ${why} |`);
});
