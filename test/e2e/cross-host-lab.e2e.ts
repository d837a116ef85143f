// `xhost scenario run cross-host` on a lab of its own.
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { desk, machine, type Desk } from "./scenario-run.ts";

let at: Desk;
beforeAll(async () => void (at = await desk()));
afterAll(() => at.gone());

describe("on a lab of its own", () => {
  let before: string;
  beforeAll(async () => void (before = await machine()));
  const hasLab = async (): Promise<boolean> => (await execa("ip", ["netns", "list"])).stdout.includes("scenario-cross");

  test.each(["Docker 20", "✔ with c1", "✔ c1 reaches"])("Ctrl-C at %s takes it down", async (text) => {
    const run = await at.until(text.replace("Docker 20", "Docker "), "run", "cross-host", "--break", "route");
    run.kill("SIGINT");
    expect((await run.ended).code).toBe(130);
    expect(await hasLab()).toBe(false);
    expect(await machine()).toBe(before);
  });

  test("killed, the next run takes it down first; none runs beside it", async () => {
    const run = await at.until("✔ c1 reaches", "run", "cross-host", "--break", "route");
    const second = await at.xhost("run", "cross-host");
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(
      `the scenario cross-host is being run here by process ${run.pid}: wait for its end`,
    );
    run.kill("SIGKILL");
    await run.ended;
    expect(await hasLab()).toBe(true);
    const next = await at.xhost("run", "cross-host");
    expect(next.code, next.stderr).toBe(0);
    expect(next.stderr).toContain("The lab that an earlier run had left was taken down first.");
    expect(await hasLab()).toBe(false);
    expect(await machine()).toBe(before);
  });

  test("kept, it stands until `clean`", async () => {
    expect((await at.xhost("run", "cross-host", "--keep")).code).toBe(0);
    expect(await hasLab()).toBe(true);
    expect((await at.xhost("clean", "cross-host")).stdout).toBe("The scenario cross-host was taken back.");
    expect(await hasLab()).toBe(false);
    expect(await machine()).toBe(before);
  });
});
