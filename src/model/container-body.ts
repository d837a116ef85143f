import { split } from "shlex";
import { nanoCpus, parseBytes, parseDuration, parseVolume, type Mount } from "../inventory/compose-values.ts";
import type { Service } from "../inventory/compose.ts";
import { portsOf } from "../inventory/validate-ports.ts";

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

/** Body of `POST /containers/create` (https://docs.docker.com/reference/api/engine/), labels of ours not yet in it. */
export type ContainerBody = {
  readonly Image: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly HostConfig: Readonly<Record<string, Json>>;
  readonly NetworkingConfig?: Json;
  readonly [key: string]: Json;
};

/** Where a container is attached: the Docker network's name on its host and the fixed address, if any. */
export type Attachment = { readonly network: string; readonly address: string | undefined };

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The service in the words of Docker's API. `env` gives the value of variables that the service names without one, as
 * Compose does; keys that are not set stay out, so that the image's own settings hold.
 */
export const containerBody = (service: Service, attachment: Attachment, env: Env = {}): ContainerBody => {
  const ports = portsOf(service);
  return defined({
    Image: service.image,
    Cmd: words(service.command),
    Entrypoint: words(service.entrypoint),
    Env: service.environment && environment(service.environment, env),
    User: service.user,
    WorkingDir: service.working_dir,
    Hostname: service.hostname,
    Domainname: service.domainname,
    Tty: service.tty,
    OpenStdin: service.stdin_open,
    StopSignal: service.stop_signal,
    StopTimeout: service.stop_grace_period && Math.ceil((parseDuration(service.stop_grace_period) ?? 0) / 1e9),
    Labels: service.labels && record(service.labels),
    MacAddress: service.mac_address,
    Healthcheck: healthcheck(service.healthcheck),
    ExposedPorts:
      ports.length > 0 ? Object.fromEntries(ports.map((p) => [`${p.target}/${p.protocol}`, {}])) : undefined,
    HostConfig: hostConfig(service, attachment),
    NetworkingConfig: networking(attachment),
  }) as ContainerBody;
};

const hostConfig = (service: Service, { network }: Attachment): Record<string, Json> => {
  const mounts = (service.volumes ?? []).map(mountOf);
  const binds = mounts.filter((m) => m.type !== "tmpfs" && m.source !== undefined);
  const anonymous = mounts.filter((m) => m.type === "volume" && m.source === undefined);
  const tmpfs = [...list(service.tmpfs), ...mounts.filter((m) => m.type === "tmpfs").map((m) => m.target)];
  return defined({
    NetworkMode: network,
    Binds: some(binds.map((m) => [m.source, m.target, m.mode].filter((part) => part !== undefined).join(":"))),
    Mounts: some(anonymous.map((m) => ({ Type: "volume", Target: m.target }))),
    Tmpfs: some(tmpfs) && Object.fromEntries(tmpfs.map((t) => [t.split(":")[0] ?? "", t.split(":")[1] ?? ""])),
    PortBindings: portBindings(service),
    RestartPolicy: restartPolicy(service.restart),
    CapAdd: service.cap_add,
    CapDrop: service.cap_drop,
    Privileged: service.privileged,
    SecurityOpt: service.security_opt,
    GroupAdd: service.group_add?.map(String),
    ExtraHosts: service.extra_hosts && pairs(service.extra_hosts, ":"),
    Dns: some(list(service.dns)),
    DnsSearch: some(list(service.dns_search)),
    DnsOptions: service.dns_opt,
    Sysctls: service.sysctls && record(service.sysctls),
    Devices: service.devices?.map(device),
    ReadonlyRootfs: service.read_only,
    Init: service.init,
    Ulimits: service.ulimits && Object.entries(service.ulimits).map(([Name, limit]) => ({ Name, ...limits(limit) })),
    ShmSize: bytes(service.shm_size),
    Memory: bytes(service.mem_limit),
    NanoCpus: service.cpus === undefined ? undefined : nanoCpus(service.cpus),
    PidsLimit: service.pids_limit,
    LogConfig: service.logging && {
      Type: service.logging.driver ?? "json-file",
      Config: record(service.logging.options ?? {}),
    },
  });
};

/** Named volumes of a service, by the names they have on the host. */
export const volumesOf = (service: Service): readonly string[] =>
  (service.volumes ?? [])
    .map(mountOf)
    .flatMap((m) => (m.type === "volume" && m.source !== undefined ? [m.source] : []));

/** How a container is attached to a network. */
export type Endpoint = { readonly IPAMConfig?: { readonly IPv4Address: string } };

const networking = (attachment: Attachment): Json =>
  attachment.network === "bridge" ? undefined : { EndpointsConfig: { [attachment.network]: endpointOf(attachment) } };

/** With the fixed address, where there is one. */
export const endpointOf = ({ address }: Pick<Attachment, "address">): Endpoint =>
  address === undefined ? {} : { IPAMConfig: { IPv4Address: address } };

const mountOf = (volume: NonNullable<Service["volumes"]>[number]): Mount =>
  typeof volume === "string"
    ? (parseVolume(volume) ?? { type: "volume", target: volume })
    : { ...volume, mode: volume.read_only === true ? "ro" : undefined };

const words = (value: string | readonly string[] | undefined): readonly string[] | undefined =>
  typeof value === "string" ? split(value) : value;

type Pairs = NonNullable<Service["environment"]>;

const pairs = (value: Pairs, separator: string): readonly string[] =>
  Array.isArray(value)
    ? value
    : Object.entries(value).map(([k, v]) => (v === null ? k : `${k}${separator}${String(v)}`));

const environment = (value: Pairs, env: Env): readonly string[] =>
  pairs(value, "=").flatMap((pair) => {
    if (pair.includes("=")) return [pair];
    const inherited = env[pair];
    return inherited === undefined ? [] : [`${pair}=${inherited}`];
  });

const record = (value: Pairs): Record<string, string> =>
  Object.fromEntries(
    Array.isArray(value)
      ? value.map((pair) => {
          const at = pair.indexOf("=");
          return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
        })
      : Object.entries(value).map(([key, inner]) => [key, inner === null ? "" : String(inner)]),
  );

const portBindings = (service: Service): Json => {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of portsOf(service)) {
    const key = `${port.target}/${port.protocol}`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: port.hostIp, HostPort: port.published }];
  }
  return Object.keys(bindings).length > 0 ? bindings : undefined;
};

const restartPolicy = (restart: string | undefined): Json => {
  const [Name = "", count] = restart?.split(":") ?? [];
  return restart === undefined
    ? undefined
    : defined({ Name, MaximumRetryCount: count === undefined ? undefined : Number(count) });
};

const device = (text: string): Json => {
  const [PathOnHost = "", PathInContainer = PathOnHost, CgroupPermissions = "rwm"] = text.split(":");
  return { PathOnHost, PathInContainer, CgroupPermissions };
};

const limits = (limit: number | { soft: number; hard: number }): { Soft: number; Hard: number } =>
  typeof limit === "number" ? { Soft: limit, Hard: limit } : { Soft: limit.soft, Hard: limit.hard };

const healthcheck = (check: Service["healthcheck"]): Json => {
  if (check === undefined) return undefined;
  if (check.disable === true) return { Test: ["NONE"] };
  return defined({
    Test: typeof check.test === "string" ? ["CMD-SHELL", check.test] : check.test,
    Interval: check.interval && parseDuration(check.interval),
    Timeout: check.timeout && parseDuration(check.timeout),
    StartPeriod: check.start_period && parseDuration(check.start_period),
    Retries: check.retries,
  });
};

const bytes = (value: string | number | undefined): number | undefined =>
  typeof value === "string" ? parseBytes(value) : value;
const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;
const some = <T>(values: readonly T[]): readonly T[] | undefined => (values.length > 0 ? values : undefined);
const defined = (object: Record<string, Json>): Record<string, Json> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== ""));
