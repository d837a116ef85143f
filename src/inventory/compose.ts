import { split } from "shlex";
import { z } from "zod";
import { parseIp } from "../cidr.ts";
import { nanoCpus, parseBytes, parseDuration, parsePort, parseVolume } from "./compose-values.ts";

/** An image reference: lower-case path, then tag or digest (github.com/distribution/reference, grammar). */
const IMAGE =
  /^([a-zA-Z0-9.-]+(:\d+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[\w][\w.-]{0,127})?(@[a-z0-9+.-]+:[0-9a-f]{32,})?$/;

const text = z.string("should be text");
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const words = z.union([text.refine((v) => isSplit(v), "should have every quote closed"), z.array(text)]);
const pairs = z.union([z.record(z.string(), scalar), z.array(text)]);
const NAMELESS = "should be the name of a variable: not empty, and without =";
const environment = z.union([
  z.record(z.string().regex(/^[^=]+$/, NAMELESS), scalar),
  z.array(text.regex(/^[^=]/, "should be NAME=value, or NAME for what it is here")),
]);
const oneOrMany = z.union([text, z.array(text)]);
const duration = text.refine((v) => parseDuration(v) !== undefined, "should be a duration such as 1m30s");
const bytes = z.union([
  z.number().int().nonnegative(),
  text.refine((v) => parseBytes(v) !== undefined, "should be a size in bytes such as 64m"),
]);
/** Whether shlex, which splits commands as Compose does, finds an end for every quote. */
function isSplit(command: string): boolean {
  try {
    split(command);
    return true;
  } catch {
    return false;
  }
}

/** An IPv4 address in dotted quad form. */
export const ipv4 = text.refine((v) => parseIp(v) !== undefined, "should be an IPv4 address such as 10.0.0.2");

const port = z.union([
  z.number().int().min(1).max(65535),
  text.refine(
    (v) => parsePort(v) !== undefined,
    "should be a port such as 80, 8080:80, 127.0.0.1:8080:80/tcp or 8000-8003:80-83",
  ),
  z.strictObject({
    target: z.number().int().min(1).max(65535),
    published: z
      .union([z.number().int(), z.string().regex(/^\d+$/, "should be a port number")])
      .refine((v) => Number(v) >= 1 && Number(v) <= 65535, "should be a port number")
      .optional(),
    host_ip: ipv4.optional(),
    protocol: z.enum(["tcp", "udp", "sctp"]).optional(),
  }),
]);

const volume = z.union([
  text.refine(
    (v) => parseVolume(v) !== undefined,
    "should be NAME:/path, /path/on/host:/path or /path, with :ro and the like behind; paths of the operator's machine do not exist on the host",
  ),
  z
    .strictObject({
      type: z.enum(["bind", "volume", "tmpfs"]),
      source: text.optional(),
      target: z.string().startsWith("/", "should be an absolute path in the container"),
      read_only: z.boolean().optional(),
    })
    .refine(
      (v) => v.type !== "bind" || v.source?.startsWith("/") === true,
      "a bind needs a source, an absolute path of the host",
    )
    .refine(
      (v) => v.type !== "tmpfs" || (v.source ?? v.read_only) === undefined,
      "a tmpfs has neither source nor read_only",
    )
    .refine(
      (v) => v.type !== "volume" || v.source !== undefined || v.read_only === undefined,
      "an anonymous volume cannot be read-only",
    ),
]);

const healthcheck = z.strictObject({
  test: words.optional(),
  interval: duration.optional(),
  timeout: duration.optional(),
  start_period: duration.optional(),
  retries: z.number().int().positive().optional(),
  disable: z.boolean().optional(),
});

const ulimit = z.union([z.number().int(), z.strictObject({ soft: z.number().int(), hard: z.number().int() })]);

/**
 * The keys of a Compose service that say how a container runs, with Compose's names and meaning
 * (https://github.com/compose-spec/compose-spec/blob/main/05-services.md). Keys about building, scaling, dependencies and
 * other networks are not here: they are the inventory's business or nobody's.
 */
export const serviceKeys = {
  image: z
    .string("should be an image such as nginx:alpine")
    .regex(IMAGE, "should be an image such as nginx:alpine, registry.example:5000/team/web:1 or web@sha256:..."),
  command: words.optional(),
  entrypoint: words.optional(),
  environment: environment.optional(),
  volumes: z.array(volume).optional(),
  ports: z.array(port).optional(),
  restart: text
    .regex(/^(no|always|unless-stopped|on-failure(:\d+)?)$/, "should be no, always, unless-stopped or on-failure[:N]")
    .optional(),
  cap_add: z.array(text).optional(),
  cap_drop: z.array(text).optional(),
  privileged: z.boolean().optional(),
  security_opt: z.array(text).optional(),
  user: text.optional(),
  group_add: z.array(z.union([text, z.number()])).optional(),
  working_dir: text.optional(),
  hostname: text.optional(),
  domainname: text.optional(),
  labels: pairs.optional(),
  extra_hosts: pairs.optional(),
  dns: oneOrMany.optional(),
  dns_search: oneOrMany.optional(),
  dns_opt: z.array(text).optional(),
  sysctls: pairs.optional(),
  tmpfs: oneOrMany.optional(),
  devices: z.array(text).optional(),
  read_only: z.boolean().optional(),
  init: z.boolean().optional(),
  tty: z.boolean().optional(),
  stdin_open: z.boolean().optional(),
  stop_signal: text.optional(),
  stop_grace_period: duration.optional(),
  healthcheck: healthcheck.optional(),
  ulimits: z.record(z.string(), ulimit).optional(),
  shm_size: bytes.optional(),
  mem_limit: bytes.optional(),
  cpus: z
    .union([z.number().positive(), z.string().regex(/^\d+(\.\d+)?$/, "should be a number of processors such as 1.5")])
    .refine((v) => nanoCpus(v) !== undefined, "should be a number of processors such as 1.5")
    .optional(),
  pids_limit: z.number().int().optional(),
  logging: z.strictObject({ driver: text.optional(), options: z.record(z.string(), scalar).optional() }).optional(),
  mac_address: text.optional(),
} as const;

/** How one container runs, as written. */
export type Service = z.infer<ReturnType<typeof z.strictObject<typeof serviceKeys>>>;
