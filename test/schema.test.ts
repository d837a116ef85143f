import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { captureJsonSchema } from "../src/capture/report.ts";
import { reportJsonSchema } from "../src/doctor/report.ts";
import { traceJsonSchema } from "../src/doctor/trace-report.ts";
import { parseInventory } from "../src/inventory/parse.ts";
import { jsonSchema } from "../src/inventory/schema.ts";
import { jsonSchema as scenarioJsonSchema } from "../src/scenario/deploy-schema.ts";

const root = join(import.meta.dirname, "..");

test("inventory.schema.json is what the code says; `npm run schema` renews it", async () => {
  await expect(`${JSON.stringify(jsonSchema(), null, 2)}\n`).toMatchFileSnapshot(join(root, "inventory.schema.json"));
});

test("doctor.schema.json is what the code says; `npm run schema` renews it", async () => {
  await expect(`${JSON.stringify(reportJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    join(root, "doctor.schema.json"),
  );
});

test("trace.schema.json is what the code says; `npm run schema` renews it", async () => {
  await expect(`${JSON.stringify(traceJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(join(root, "trace.schema.json"));
});

test("capture.schema.json is what the code says; `npm run schema` renews it", async () => {
  await expect(`${JSON.stringify(captureJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    join(root, "capture.schema.json"),
  );
});

test("scenario.schema.json is what the code says; `npm run schema` renews it", async () => {
  await expect(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    join(root, "scenario.schema.json"),
  );
});

test("every example is fine", async () => {
  const files = (await readdir(join(root, "inventory"))).filter((name) => name.endsWith(".yml"));
  expect(files.length).toBeGreaterThan(0);
  const env = { POSTGRES_PASSWORD: "secret" };
  for (const file of files) parseInventory(await readFile(join(root, "inventory", file), "utf8"), { file, env });
});
