import { getHeapStatistics } from "node:v8";
import { expect, test } from "vitest";
import { clearGarbage, keepHeapSmall } from "./heap.ts";

const used = (): number => getHeapStatistics().used_heap_size;

/** Bytes that `junk` keeps. */
const fill = (junk: unknown[]): number => {
  const before = used();
  junk.push(Array.from({ length: 3_000_000 }, (_, i) => [i]));
  return used() - before;
};

test("garbage is cleared up when much of it is new, and not looked for otherwise", () => {
  keepHeapSmall();
  clearGarbage();
  const junk: unknown[] = [];
  const size = fill(junk);
  const full = used();
  junk.length = 0;
  clearGarbage();
  expect(used()).toBeLessThan(full - 0.8 * size);
  const start = performance.now();
  for (let i = 0; i < 1000; i++) clearGarbage();
  // A look at all of the heap takes milliseconds each.
  expect(performance.now() - start).toBeLessThan(1000);
});

test("and without being asked, while others are waited for", async () => {
  keepHeapSmall();
  const junk: unknown[] = [];
  const size = fill(junk);
  const full = used();
  junk.length = 0;
  await expect.poll(used, { timeout: 5000 }).toBeLessThan(full - 0.8 * size);
});
