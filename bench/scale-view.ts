// What one host sees of the engine that all of them share: its own networks, under the names that it gave them. Pure.
import { createHash } from "node:crypto";

/** A call of Docker's API; the body is parsed JSON, undefined where there is none. */
export type Call = { readonly method: string; readonly path: string; readonly body: unknown };

/** What is kept of the host's own words on the engine's network; taken out of every answer. */
const HOST = "xhost-scale.host";
const BRIDGE = "xhost-scale.bridge";
const BRIDGE_OPTION = "com.docker.network.bridge.name";

type Words = Readonly<Record<string, string>>;
/** A network as the API tells it, and as it is asked to make one; only what is translated. */
export type Network = {
  readonly Name: string;
  readonly Labels?: Words | null;
  readonly Options?: Words | null;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string; readonly Gateway?: string }[] };
};

/** The call as the engine gets it. */
export const engineCall = (host: string, { method, path, body }: Call): Call => {
  const { pathname, searchParams } = new URL(path, "http://docker");
  const [, version = "", rest = ""] = /^(\/v1\.\d+)?(\/.*)$/.exec(pathname) ?? [];
  if (rest === "/networks/create") return { method, path: pathname, body: engineNetwork(host, body as Network) };
  if (rest === "/networks") {
    const filters = JSON.parse(searchParams.get("filters") ?? "{}") as Record<string, unknown>;
    const own = JSON.stringify({ ...filters, label: [`${HOST}=${host}`] });
    return { method, path: `${pathname}?filters=${encodeURIComponent(own)}`, body };
  }
  const [, name] = /^\/networks\/([^/]+)$/.exec(rest) ?? [];
  return name === undefined || /^[0-9a-f]{64}$/.test(name)
    ? { method, path, body }
    : { method, path: `${version}/networks/${host}.${name}`, body };
};

const engineNetwork = (host: string, network: Network): Network => {
  const { [BRIDGE_OPTION]: bridge = "", ...options } = network.Options ?? {};
  return {
    ...network,
    Name: `${host}.${network.Name}`,
    Labels: { ...network.Labels, [HOST]: host, [BRIDGE]: bridge },
    Options: { ...options, [BRIDGE_OPTION]: deviceOf(host, bridge) },
  };
};

/** All bridges are in the engine's one network namespace. */
const deviceOf = (host: string, bridge: string): string =>
  `x${createHash("sha256").update(`${host} ${bridge}`).digest("hex").slice(0, 12)}`;

/** The answer as the host gets it. */
export const hostAnswer = (host: string, answer: unknown): unknown =>
  Array.isArray(answer)
    ? answer.map((each: unknown) => hostObject(host, each))
    : isWith(answer, "message")
      ? { message: String(answer.message).replaceAll(`${host}.`, "") }
      : hostObject(host, answer);

const hostObject = (host: string, value: unknown): unknown =>
  isWith(value, "IPAM") ? hostNetwork(host, value) : value;

const hostNetwork = (host: string, network: Network): Network => {
  const { [HOST]: _host, [BRIDGE]: bridge = "", ...labels } = network.Labels ?? {};
  return {
    ...network,
    Name: network.Name.replace(`${host}.`, ""),
    Labels: labels,
    Options: { ...network.Options, [BRIDGE_OPTION]: bridge },
  };
};

const isWith = <K extends string>(value: unknown, key: K): value is Network & Record<K, unknown> =>
  typeof value === "object" && value !== null && key in value;

/** The `ip -batch` lines that make the bridge of a new network where the host is. */
export const bridgeLines = ({ Options, IPAM }: Network): readonly string[] => {
  const device = Options?.[BRIDGE_OPTION] ?? "";
  const [config] = IPAM?.Config ?? [];
  return [
    `link add ${device} type bridge`,
    `link set ${device} mtu ${Options?.["com.docker.network.driver.mtu"] ?? 1500}`,
    `address add ${config?.Gateway ?? ""}/${config?.Subnet?.split("/")[1] ?? ""} dev ${device}`,
    `link set ${device} up`,
  ];
};

/** Those that take it away. */
export const bridgeRemoval = ({ Options }: Network): readonly string[] => [
  `link del ${Options?.[BRIDGE_OPTION] ?? ""}`,
];
