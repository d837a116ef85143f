import { defineConfig } from "vitest/config";

const e2e = {
  globalSetup: ["test/e2e/setup.ts"],
  // Not 0: that is run last where there is one worker.
  sequence: { groupOrder: 2 },
  testTimeout: 300_000,
  hookTimeout: 600_000,
};

/** These look at the machine itself, or at times: nothing else may run beside them. */
const alone = ["scenario", "tutorial", "lab", "lab-faults", "measure", "counts", "cross-host-lab"].map(
  (name) => `test/e2e/${name}.e2e.ts`,
);

/** A quarter of an hour each on a slow machine; `.ci/run` begins them there when the others are through in time. */
const long = ["doctor", "faults/cut", "faults/killed-first", "faults/killed-change"].map(
  (name) => `test/e2e/${name}.e2e.ts`,
);
/** `long`: only those; `short`: all but those; default: all. */
const part = process.env["XHOST_TEST_PART"];
const beside = part === "long" ? long : ["test/e2e/**/*.e2e.ts"];

// Pure tests beside the code, and after them the end-to-end tests on real engines (test/e2e); those on kernels of their own (test/vm), one
// at a time: two cores; and Vagrant's own machines (test/vagrant), which only `npm run test:vagrant` runs.
// `defineConfig` has to be the default export.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/*.test.ts", "test/!(e2e|vm|vagrant)/*.test.ts"],
          // Some of them start real shells and SSH servers, on a machine that may have other work to do.
          testTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      // One file at a time; `.ci/run` takes three where the machine is slow and nothing else runs beside them.
      {
        test: {
          ...{ ...e2e, name: "e2e", include: beside, exclude: [...alone, ...(part === "short" ? long : [])] },
          maxWorkers: Number(process.env["XHOST_E2E_WORKERS"] ?? 1),
        },
      },
      { test: { ...e2e, name: "e2e-alone", include: alone, maxWorkers: 1, sequence: { groupOrder: 3 } } },
      {
        test: {
          name: "vm",
          include: ["test/vm/**/*.vm.ts"],
          globalSetup: ["test/vm/setup.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
          // Kernels in user mode boot for minutes on a machine that has other tests to run.
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: "vagrant",
          include: ["test/vagrant/**/*.vagrant.ts"],
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
