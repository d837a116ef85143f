import { z } from "zod";
import { schema as inventory } from "../inventory/schema.ts";
import { LONGEST_NAME } from "./deploy-scenario.ts";
import { breaksOf, cause, exec, fails, head, line, pattern, schema } from "./schema.ts";

const host = z.string().regex(/^[a-z][a-z0-9-]*$/, "should be a short name such as h1");
const networks = inventory.shape.networks.unwrap().describe("as in an inventory");
const containers = z
  .record(z.string(), z.looseObject({ host, network: z.string() }))
  .describe("as in an inventory; the image may be left out");

const deploy = z.strictObject({
  hosts: z.array(host).min(1).describe("names that stand for hosts of the inventory it is run on, in its order"),
  images: z.array(line).min(1).describe("of containers that name none: the first that all hosts have, else the first"),
  refused: z
    .strictObject({
      claim: line.describe("the sentence that is printed"),
      matches: pattern.describe("what the reason has to match"),
      networks,
      containers: containers.optional(),
    })
    .describe("in place of the networks and containers below: planned first, and has to be refused")
    .optional(),
  networks,
  containers,
});

const PROBES = ["ping", "run", "plan"] as const;
const check = z
  .strictObject({
    claim: line.describe("the sentence that is printed"),
    ping: z.strictObject({ from: z.string(), to: z.string() }).describe("of containers").optional(),
    run: line.describe("a shell command, on the host `in`").optional(),
    in: host.optional(),
    matches: pattern.optional(),
    lacks: pattern.optional(),
    plan: z.literal("empty").describe("planned again, nothing is to be done").optional(),
  })
  .refine(
    (v) => PROBES.filter((probe) => v[probe] !== undefined).length === 1,
    `should have one of ${PROBES.join(", ")}`,
  )
  .refine((v) => (v.run === undefined) === (v.in === undefined), "run and in belong together: on which host?")
  .refine((v) => v.run !== undefined || (v.matches ?? v.lacks) === undefined, "matches and lacks belong to run");

const broken = z.strictObject({ title: line, exec: z.array(exec.required({ in: true })).min(1), fails, cause });

/** A scenario that is a whole deploy, as written. */
export const deploySchema = z.strictObject({
  ...head,
  name: head.name.max(LONGEST_NAME, `should have at most ${LONGEST_NAME} characters: its project is scenario-NAME`),
  deploy,
  checks: z.array(check).min(1),
  breaks: breaksOf(broken),
});

export type WrittenDeploy = z.infer<typeof deploySchema>;

/** JSON Schema (2020-12) of a scenario's file, for editors. */
export const jsonSchema = (): object => ({
  title: "xhost scenario",
  ...z.toJSONSchema(z.union([schema, deploySchema]), { io: "input", unrepresentable: "any" }),
});
