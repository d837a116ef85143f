import { defineConfig } from "vitest/config";

// Two projects: pure tests beside the code, and the end-to-end tests on real engines (test/e2e, in order, one at a time:
// two cores). `defineConfig` has to be the default export.
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts", "test/*.test.ts"] } },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.e2e.ts"],
          globalSetup: ["test/e2e/setup.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
