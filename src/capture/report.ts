import { z } from "zod";
import { POINT_KINDS } from "./point.ts";

/** What `capture --json` prints at the end; also the source of `capture.schema.json`. */
export const reportSchema = z.strictObject({
  file: z.string().nullable().describe("where the packets are; null: they were only counted"),
  packets: z.number().int(),
  points: z.array(
    z.strictObject({
      host: z.string(),
      kind: z.enum(POINT_KINDS),
      device: z.string(),
      name: z.string().describe("as the interface is called in the file"),
      packets: z.number().int(),
      dropped: z.number().int().describe("by the host's kernel, for want of room"),
      lost: z.number().int().describe("on the way here"),
    }),
  ),
  failed: z.array(z.string()).describe("points that ended before they were told to, and why"),
});

export type CaptureReport = z.infer<typeof reportSchema>;

/** JSON Schema (2020-12) of the report. */
export const captureJsonSchema = (): object => ({ title: "xhost capture report", ...z.toJSONSchema(reportSchema) });
