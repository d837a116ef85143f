import { expect } from "vitest";
import { traceReportSchema, type TraceReport } from "../../src/doctor/trace-report.ts";
import type { TestLab } from "./xhost.ts";

/** Runs a trace; what it says is checked against its schema. */
export const traced = async (
  lab: TestLab,
  file: string,
  from: string,
  to: string,
  ...more: readonly string[]
): Promise<TraceReport & { readonly code: number }> => {
  const { code, stdout, stderr } = await lab.xhost("trace", file, from, to, "--json", ...more);
  expect([0, 1], stdout + stderr).toContain(code);
  return { ...traceReportSchema.parse(JSON.parse(stdout)), code };
};
