import { z } from "zod";
import { parseCidr, parseIp } from "../cidr.ts";
import { NAME } from "./scenario.ts";

/** Device names have at most 15 bytes (IFNAMSIZ, if.h); namespaces and bridges are kept to the same. */
const DEVICE = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,14}$/;
const deviceWords = "should be 1 to 15 letters, digits, _ . or -";

const device = z.string().regex(DEVICE, deviceWords);
const address = z.string().refine((v) => parseIp(v) !== undefined, "should be an IPv4 address such as 10.1.1.2");
const withPrefix = z.string().refine((v) => {
  const [ip = "", prefix = "", more] = v.split("/");
  return parseIp(ip) !== undefined && more === undefined && /^([1-9]|[12]\d|3[0-2])$/.test(prefix);
}, "should be an IPv4 address with its prefix length, such as 10.1.1.2/24");
const network = z
  .string()
  .refine(
    (v) => v === "default" || parseCidr(v) !== undefined,
    "should be an IPv4 network such as 10.1.2.0/24, without host bits, or default",
  );
export const line = z.string().regex(/^[^\n]*\S[^\n]*$/, "should be one line");
const mac = z
  .string()
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, "should be an Ethernet address such as 02:00:00:00:00:01");
const mtu = z.number("should be a number of bytes").int().min(68).max(65535).optional();
export const pattern = z.string().refine((v) => isPattern(v), "should be a regular expression");
const sysctl = z.union([z.string().regex(/^[^\n]*\S[^\n]*$/, "should be one line"), z.number()]).transform(String);

function isPattern(text: string): boolean {
  try {
    new RegExp(text, "m");
    return true;
  } catch {
    return false;
  }
}

const why = line.describe("what it is for; xhost's own words when not given").optional();
const place = z
  .string()
  .regex(/^[^:\s]+:[^:\s]+$/, "should be a node and a device, such as ns1:veth0")
  .refine((v) => v.split(":").every((name) => DEVICE.test(name)), `each of the two ${deviceWords}`)
  .describe("NODE:INTERFACE");
const end = z.strictObject({ node: device, interface: device, ipv4: withPrefix.optional(), mac: mac.optional() });
const eitherEnd = z.union([place, end]);
const tunnelEnd = end.extend({ ipv4: address, peer: address, local: address, remote: address });

const route = z
  .strictObject({ to: network, via: address.optional(), dev: device.optional(), why })
  .refine((v) => v.via !== undefined || v.dev !== undefined, "should say where to: via an address, or dev a device");
const rule = z
  .string()
  .regex(
    /^(-t (filter|nat|mangle|raw) )?-[AI] [^\n]*$/,
    "should be what follows iptables: -t TABLE, then -A or -I CHAIN and so on",
  );
export const exec = z.strictObject({
  in: device.describe("node; default: the node it is written at, else the host").optional(),
  run: line.describe("a shell command"),
  undo: line.describe("takes it back, also where it failed").optional(),
  why: line,
});

const sysctls = z.record(
  z.string().regex(/^[a-z0-9_]+(\.[\w-]+)+$/i, "should be a name such as net.ipv4.ip_forward"),
  sysctl,
);
const rules = z.array(z.union([rule, z.strictObject({ rule, why })]));

const node = z.strictObject({
  kind: z.enum(["netns", "host", "bridge", "ovs-bridge"]).describe("default netns, a network namespace").optional(),
  ipv4: withPrefix.describe("of a bridge: its own address").optional(),
  routes: z.array(route).optional(),
  sysctls: sysctls.optional(),
  rules: rules.optional(),
  exec: z.array(exec).optional(),
});

const veth = z.strictObject({
  type: z.literal("veth").optional(),
  endpoints: z.tuple([eitherEnd, eitherEnd]),
  mtu,
  inPlace: z.boolean().describe("make both ends where they belong by one command; default: make, then move").optional(),
});
const ipip = z.strictObject({ type: z.literal("ipip"), endpoints: z.tuple([tunnelEnd, tunnelEnd]), mtu });
const tuntap = z.strictObject({ type: z.enum(["tun", "tap"]), endpoint: eitherEnd, mtu });

const ping = z.strictObject({
  from: device,
  to: address,
  ttl: z.number().int().min(1).max(255).describe("that the answer has left").optional(),
  size: z.number().int().min(0).max(65507).describe("bytes of payload, unfragmented").optional(),
});
const port = z.number().int().min(1).max(65535);
const tcp = z.strictObject({
  from: device,
  to: address,
  port,
  listener: z.strictObject({ node: device, port }),
  seenFrom: address.describe("under which the listener sees the client").optional(),
});
const capture = z.strictObject({
  at: place,
  filter: line.describe("in the words of pcap-filter(7)").optional(),
  ping,
  sees: z.array(line).describe("each in a line of what is seen; empty: nothing is seen"),
});
const fdb = z.strictObject({ bridge: device, has: z.array(place).min(1) });

const PROBES = ["ping", "tcp", "run", "peer", "capture", "fdb"] as const;
const check = z
  .strictObject({
    claim: line.describe("the sentence that is printed"),
    expect: z.enum(["passes", "fails"]).optional(),
    ping: ping.optional(),
    tcp: tcp.optional(),
    run: line.describe("a shell command").optional(),
    in: device.describe("node of `run`; default host").optional(),
    matches: pattern.optional(),
    lacks: pattern.optional(),
    peer: z.strictObject({ of: place, is: place }).optional(),
    capture: capture.optional(),
    fdb: fdb.optional(),
  })
  .refine(
    (v) => PROBES.filter((probe) => v[probe] !== undefined).length === 1,
    `should have one of ${PROBES.join(", ")}`,
  )
  .refine(
    (v) => v.run !== undefined || (v.in ?? v.matches ?? v.lacks) === undefined,
    "in, matches and lacks belong to run",
  );

export const cause = z
  .strictObject({ matches: pattern, why: line })
  .describe("what the walk through the kernel's state, or doctor, has to name");
export const fails = z.array(line).min(1).describe("claims of checks that have to fail meanwhile");

/** By the word for `--break`. */
export const breaksOf = <T extends z.ZodType>(broken: T) =>
  z.record(z.string().regex(/^[a-z][a-z0-9-]*$/, "should be a word such as forwarding"), broken).optional();

/** What every scenario has, whatever it is made of. */
export const head = {
  name: z
    .string("should be a short name such as router")
    .regex(NAME, "should be 1 to 20 lower-case letters, digits and -, starting with a letter"),
  title: line,
  about: z.string().min(1),
};

const broken = z.strictObject({
  title: line,
  modules: z.array(device).optional(),
  sysctls: sysctls.describe("of the host").optional(),
  rules: rules.describe("of the host").optional(),
  exec: z.array(exec).optional(),
  fails,
  cause,
});

/** A scenario on one host as written; with `deploy-schema.ts` the source of `scenario.schema.json`. */
export const schema = z.strictObject({
  ...head,
  needs: z.strictObject({ modules: z.array(device).optional(), programs: z.array(line).optional() }).optional(),
  topology: z.strictObject({
    nodes: z.record(device, z.union([node, z.null()])),
    links: z.array(z.union([veth, ipip, tuntap])).optional(),
  }),
  checks: z.array(check).min(1),
  breaks: breaksOf(broken),
});

export type Written = z.infer<typeof schema>;
