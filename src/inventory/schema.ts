import { z } from "zod";
import { cidrOf, overlaps, parseCidr, parseIp } from "../cidr.ts";
import { ipv4, serviceKeys } from "./compose.ts";

/** Docker's rule for the names of containers and networks (moby, daemon/names: RestrictedNameChars). */
const DOCKER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const HOST_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

const SPECIAL = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"].map(cidrOf);

const dockerName = z.string().regex(DOCKER_NAME, "should be a Docker name: two or more letters, digits, _ . or -");
const hostName = z.string().regex(HOST_NAME, "should be a host name: letters, digits, _ . or -");
const cidr = z
  .string("should be an IPv4 network such as 172.30.0.0/16")
  .refine((v) => parseCidr(v) !== undefined, "should be an IPv4 network such as 172.30.0.0/16, without host bits")
  .refine((v) => !SPECIAL.some((range) => overlaps(range, parseCidr(v) ?? range)), {
    error: "is not for hosts: this-network, loopback, link-local, multicast and reserved addresses (RFC 6890)",
    when: ({ value }) => typeof value === "string" && parseCidr(value) !== undefined,
  });
/** What ssh(1) would take for an option or refuse as a host name (ssh.c, valid_hostname), and what only looks like an address. */
const sshHost = z
  .string()
  .min(1)
  .refine((v) => !/^[^:]+:\d+$/.test(v), {
    error: ({ input }) => {
      const [host, port] = String(input).split(":");
      return `should be without the port: write \`{ ssh: { host: ${host}, port: ${port} } }\``;
    },
    abort: true,
  })
  .refine(
    (v) => !/^[\d.]+$/.test(v) || parseIp(v) !== undefined,
    "should be an IPv4 address such as 10.0.0.2, or a name",
  )
  .refine(
    (v) => !/^-|[\s'`"$\\;&<>|(){}\p{Cc}]/u.test(v),
    "should be a name, an address or a Host alias of ~/.ssh/config: without blanks and quotes, not beginning with -",
  );
/** A value of ssh_config(5), and a line of what `ssh -G` prints: what comes behind a line break there would be a setting of its own. */
const sshValue = z
  .string()
  .min(1)
  .refine((v) => !/\p{Cc}/u.test(v), "should be one line, without control characters")
  .refine((v) => v.trim() === v, "should neither begin nor end with a blank: ssh(1) drops it");
/** What ssh(1) refuses since 9.6 (ssh.c, valid_ruser): it may stand as %r in a proxyCommand, which a shell runs. */
const sshUser = sshValue.refine(
  (v) => !/^-|['`";&<>|(){}]|\s-|\\$/.test(v),
  "should be the name of a user: without quotes, brackets and ; & < > |, not beginning with -",
);
const sshJump = sshValue.refine(
  (v) => !/(^|[,@]|:\/\/)-|[\s'`"$\\;&<>|(){}]/.test(v),
  "should be a jump host such as ops@bastion:22, or several with commas: without blanks and quotes, not beginning with -",
);
const subnet = cidr.refine(
  (v) => (parseCidr(v)?.prefix ?? 24) <= 29,
  "should be /29 or wider: a smaller one has no room for containers",
);

const ssh = z
  .strictObject({
    host: sshHost.optional(),
    port: z.number("should be a port number").int().min(1).max(65535).optional(),
    user: sshUser.optional(),
    identityFile: sshValue.optional(),
    proxyJump: sshJump.optional(),
    proxyCommand: sshValue.optional(),
    userKnownHostsFile: sshValue.optional(),
    strictHostKeyChecking: z
      .enum(["yes", "accept-new", "no"], "should be yes, accept-new or no")
      .describe("as in ssh_config(5); default yes")
      .optional(),
  })
  .refine((v) => v.proxyJump === undefined || v.proxyCommand === undefined, {
    path: ["proxyCommand"],
    error: "stands beside proxyJump, and ssh would take that: take proxyCommand out, or proxyJump",
  })
  .describe("names as in ssh_config(5), camelCase");

const hostKeys = {
  ssh: ssh.optional(),
  become: z.enum(["none", "sudo"], "should be none or sudo").describe("default: none for root, else sudo").optional(),
  address: ipv4.describe("where the other hosts reach this one; default: its source address toward them").optional(),
  dockerSocket: z.string().startsWith("/", "should be an absolute path such as /var/run/docker.sock").optional(),
};
const host = z.union([sshHost, z.strictObject(hostKeys)]);

const network = z.strictObject({
  pool: cidr.describe("a block per host is carved out").optional(),
  prefix: z
    .number("should be a prefix length such as 24")
    .int()
    .min(8, "should be 8 to 29")
    .max(29, "should be 8 to 29: a smaller block has no room for containers")
    .describe("size of a host's block; default 24")
    .optional(),
  subnets: z.record(hostName, subnet).describe("explicit blocks, by host").optional(),
  existing: z
    .record(hostName, z.string().min(1))
    .describe("Docker networks that are there already, by host: routed, never created or removed")
    .optional(),
  hosts: z.array(hostName).min(1).describe("default: all").optional(),
  plane: z
    .enum(["auto", "route", "ipip", "vxlan", "wireguard"], "should be auto, route, ipip, vxlan or wireguard")
    .describe("default auto: the leanest whose packets arrive, measured for each pair of hosts")
    .optional(),
  encrypt: z.boolean().describe("between hosts only wireguard will do; default false").optional(),
  firewall: z
    .enum(["scoped", "flush", "none"], "should be scoped, flush or none")
    .describe("default scoped: only fabric to fabric")
    .optional(),
  masquerade: z.boolean().describe("between hosts; default false keeps the container's source address").optional(),
});

const container = z.strictObject({
  host: hostName.optional(),
  hosts: z.union([z.literal("all"), z.array(hostName).min(1)]).optional(),
  network: dockerName,
  ipv4_address: ipv4.describe("single host only").optional(),
  ...serviceKeys,
});

const ref = z.string().regex(/^[^@]+(@[^@]+)?$/, "should be a container such as web, or db@h2");
const check = z.strictObject({
  from: ref,
  to: ref,
  tcp: z.number("should be a port number").int().min(1).max(65535).optional(),
  http: z
    .string()
    .regex(/^http:\/\//, "should be a URL such as http://web/")
    .optional(),
  status: z.number("should be an HTTP status").int().min(100).max(599).optional(),
});

/** The inventory as written; also the source of `inventory.schema.json`. */
export const schema = z.strictObject({
  name: z
    .string("should be a short name such as demo")
    .regex(/^[a-z][a-z0-9-]{0,19}$/, "should be 1 to 20 lower-case letters, digits and -, starting with a letter")
    .describe("owner of everything created on the hosts"),
  defaults: z.strictObject(hostKeys).describe("any host key; a host's own keys win").optional(),
  hosts: z.record(hostName, host).refine((v) => Object.keys(v).length > 0, "should name at least one host"),
  networks: z.record(dockerName, network).optional(),
  containers: z.record(dockerName, container).optional(),
  checks: z.array(check).describe("default: every container pings every container of its networks").optional(),
});

/** The inventory as written, checked key by key, before defaults and cross-checks. */
export type Written = z.infer<typeof schema>;

/** JSON Schema (2020-12) of the inventory, for editors. */
export const jsonSchema = (): object => ({
  title: "xhost inventory",
  ...z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }),
});
