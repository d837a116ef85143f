import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("dockerode comes without gRPC, and works", async () => {
  const program = `
    import { createRequire } from "node:module";
    import { loadDockerode } from ${JSON.stringify(join(import.meta.dirname, "dockerode.ts"))};
    const { id } = new (await loadDockerode())({ host: "h1" }).getContainer("c1");
    const loaded = Object.keys(createRequire("/").cache);
    console.log(id, loaded.some((path) => path.includes("dockerode")), loaded.filter((path) => path.includes("grpc")).length);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  expect(stdout.trim()).toBe("c1 true 0");
});
