import { getHeapStatistics } from "node:v8";
import { expect, test } from "vitest";
import { clearing } from "./heap.ts";

const used = (): number => getHeapStatistics().used_heap_size;

test("garbage is cleared up when much of it is new, and not looked for otherwise", () => {
  const clear = clearing();
  clear();
  const least = used();
  const junk = [Array.from({ length: 1_000_000 }, (_, i) => [i])];
  const full = used();
  expect(full).toBeGreaterThan(1.33 * least);
  junk.pop();
  clear();
  expect(used()).toBeLessThan(full - 0.8 * (full - least));
  const start = performance.now();
  for (let i = 0; i < 1000; i++) clear();
  // A look at all of the heap takes milliseconds each.
  expect(performance.now() - start).toBeLessThan(1000);
});
