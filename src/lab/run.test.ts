import { expect, test } from "vitest";
import { run } from "./run.ts";

test("a program that fails is named, with its status and what it said", async () => {
  const failing = run("sh", ["-c", "echo no >&2; exit 3"]);
  await expect(failing).rejects.toThrow(/^lab: sh failed with exit code 3\nsh .*\nno$/);
});

test("a program that an interrupt ends throws the interrupt, not a failure", async () => {
  const interrupt = new AbortController();
  const running = run("sleep", ["60"], { signal: interrupt.signal });
  interrupt.abort();
  await expect(running).rejects.toBe(interrupt.signal.reason);
});
