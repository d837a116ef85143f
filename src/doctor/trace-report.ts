import { z } from "zod";

const rule = { tool: z.string(), table: z.string(), chain: z.string(), text: z.string() };
const words = { words: z.string().describe("the same as one line, in the words of the program that shows it") };

/** `Decider` of `walk/hop.ts`. */
const decides = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("rule"), ...rule, number: z.number().int(), ...words }),
    z.strictObject({ kind: z.literal("policy"), ...rule, ...words }),
    z.strictObject({
      kind: z.literal("nft"),
      family: z.string(),
      table: z.string(),
      chain: z.string(),
      handle: z.number().int().optional().describe("missing for the chain's policy"),
      text: z.string(),
      ...words,
    }),
    z.strictObject({ kind: z.literal("route"), table: z.string(), text: z.string(), ...words }),
    z.strictObject({ kind: z.literal("ip rule"), priority: z.number().int(), text: z.string(), ...words }),
    z.strictObject({ kind: z.literal("sysctl"), key: z.string(), value: z.string(), ...words }),
    z.strictObject({ kind: z.literal("device"), name: z.string(), ...words }),
    z
      .strictObject({ kind: z.literal("tap"), device: z.string(), way: z.enum(["in", "out"]), ...words })
      .describe("where packets can be seen: as they come in by the device, or go out by it"),
    z.strictObject({ kind: z.enum(["neighbour", "fdb", "peer"]), device: z.string(), text: z.string(), ...words }),
    z.strictObject({ kind: z.literal("network"), text: z.string(), ...words }).describe("what is between the hosts"),
  ])
  .meta({ id: "decider", description: "what decides about packets there" });

const hop = z
  .strictObject({
    host: z.string(),
    container: z.string().nullable().describe("in whose network namespace it is; null: in the host's own"),
    point: z.string().describe("nat POSTROUTING, route, eth0 and so on"),
    decides,
    verdict: z.enum(["passes", "drops", "unknown"]).describe("unknown: nobody can tell from what was read"),
    why: z.string(),
    outer: z.boolean().describe("whether it is about the packet that carries the other one through a tunnel"),
  })
  .meta({ id: "hop" });

const seenHop = hop
  .extend({
    seen: z
      .array(z.strictObject({ size: z.number().int(), probes: z.number().int() }))
      .optional()
      .describe("how many probes of each size were seen; missing where nobody listens"),
  })
  .meta({ id: "seen-hop" });

const fault = hop
  .extend({
    last: hop.nullable().describe("where the packets were seen last"),
    missing: hop.nullable().describe("the next point, where they were not seen"),
    evidence: z.array(z.string()).describe("what else speaks for it"),
    remedy: z
      .strictObject({
        on: z.string().nullable().describe("host to run it on as root; null: where the inventory is"),
        command: z.string().describe("shell text that can be pasted"),
      })
      .nullable(),
  })
  .describe("what is guilty");

/** What `xhost trace --json` prints; also the source of `trace.schema.json`. */
export const traceReportSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  static: z.boolean().describe("whether nothing was sent"),
  packets: z
    .array(
      z.strictObject({
        size: z.number().int().describe("bytes of the IP packet"),
        sent: z.number().int(),
        returned: z.number().int().describe("how many were answered"),
      }),
    )
    .describe("the probes by their size"),
  there: z.array(seenHop).describe("the points on the way, in order; behind a drop they go on as if there were none"),
  back: z.array(seenHop).describe("the same of the answer; empty where the way there does not end at a container"),
  deaf: z.array(z.string()).describe("hosts on which nobody could listen"),
  fault: fault.nullable().describe("null: none was found"),
});

export type TraceReport = z.infer<typeof traceReportSchema>;
export type TraceHop = z.infer<typeof hop>;
export type TraceFault = z.infer<typeof fault>;

/** JSON Schema (2020-12) of the report. */
export const traceJsonSchema = (): object => ({ title: "xhost trace report", ...z.toJSONSchema(traceReportSchema) });
