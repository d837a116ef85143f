import { z } from "zod";
import { WHY, type DiagnosisId } from "./ids.ts";

const ids = Object.keys(WHY) as [DiagnosisId, ...DiagnosisId[]];

const remedy = z
  .strictObject({
    on: z.string().nullable().describe("host to run it on as root; null: where the inventory is"),
    command: z.string().describe("shell text that can be pasted"),
  })
  .describe("what heals it");

const finding = z.strictObject({
  id: z.enum(ids).describe("what kind of thing is wrong; docs/doctor.md lists them"),
  host: z.string(),
  peer: z.string().nullable().describe("the other host, of what lies between two"),
  severity: z.enum(["fault", "warning"]).describe("a warning does no harm yet"),
  seen: z.string().describe("a sentence; on further lines what belongs to it"),
  why: z.string().describe("why it matters"),
  remedy,
  deployFixes: z.boolean().describe("whether `xhost deploy` mends it too"),
  explains: z.number().int().min(0).describe("failed checks between containers that come of it"),
});

const check = z.strictObject({
  from: z.string(),
  to: z.string(),
  check: z.string().describe("ping, tcp PORT or URL STATUS"),
  address: z.string().nullable(),
  result: z.enum(["ok", "failed", "unchecked"]),
  rtt: z.number().nullable().describe("milliseconds, of pings"),
  source: z.string().nullable().describe("address under which the packets arrived"),
  note: z.string(),
});

const host = z.strictObject({
  name: z.string(),
  engine: z.string().describe("version of Docker"),
  firewall: z.string().describe("Docker's firewall backend"),
  kernel: z.string(),
});

const way = z.strictObject({
  from: z.string(),
  to: z.string(),
  ping: z.boolean().nullable().describe("whether the host answers at its own address; null: not asked"),
  sizes: z.record(z.string(), z.number().int()).describe("bytes of the largest packet that arrived, by what was sent"),
});

/** What `xhost doctor --json` prints; also the source of `doctor.schema.json`. */
export const reportSchema = z.strictObject({
  project: z.string(),
  at: z.string().describe("UTC, when it was looked at"),
  healthy: z.boolean().describe("whether there is no fault"),
  hosts: z.array(host).describe("hosts that were looked at"),
  findings: z.array(finding).describe("root causes, gravest first; what follows from them is not among them"),
  ways: z.array(way).describe("what was measured between the hosts"),
  checks: z.strictObject({
    possible: z.number().int().describe("checks that the inventory asks for"),
    made: z.number().int(),
    passed: z.number().int(),
    failed: z.number().int(),
    unchecked: z.number().int().describe("an end is on a host that could not be asked"),
    sampled: z.boolean().describe("whether only a covering part was made; --full makes all"),
    unwalked: z
      .number()
      .int()
      .describe("failed checks whose packets were not walked through the rules; --full walks all"),
    list: z.array(check).describe("those that did not pass, and with --full all"),
  }),
});

export type Report = z.infer<typeof reportSchema>;

/** JSON Schema (2020-12) of the report. */
export const reportJsonSchema = (): object => ({ title: "xhost doctor report", ...z.toJSONSchema(reportSchema) });
