import { clashes, type Clash } from "../../model/conflicts.ts";
import { overlapsOn, type Overlap } from "../../model/overlaps.ts";
import { contains, parseIp } from "../../cidr.ts";
import type { KernelRoute } from "../../model/facts.ts";
import type { Cause, Remedy } from "../diagnosis.ts";
import { between, cause, crossing, here, onHost, type Scene, type Seen } from "./scene.ts";

/** Foreign things that have the fabric's names or addresses; what two hosts have to say is told by the first of the file. */
export const conflicts = (scene: Scene): readonly Cause[] => {
  const told = new Set<string>();
  return scene.seen.flatMap((seen) => {
    const { host, facts } = seen;
    const all = clashes(scene.fabric, host, facts, { openFirewall: true, unmeasured: true });
    const others = all.filter(({ kind, text }) => kind !== "overlap" && !told.has(text));
    for (const { text } of others.filter(({ text }) => PAIR.test(text))) told.add(text);
    return [
      ...overlapsOn(scene.fabric, host, facts).map((overlap) => overlapCause(seen, overlap)),
      ...others.map((clash) => clashCause(scene, seen, clash)),
    ];
  });
};

/** What is said of two hosts at once. */
const PAIR = / between \S+ and \S+: /;

const overlapCause = (seen: Seen, { range, hosts, text }: Overlap): Cause => {
  const { host } = seen;
  const isRoute = "route" in range.of;
  const isShared = isRoute && isConnected(range.of.route);
  const others = hosts.filter((h) => h !== host);
  return cause(isRoute && !isShared ? "route-foreign" : "overlap", {
    host,
    peer: others.length === 1 ? others[0] : undefined,
    seen: (text.split(": ")[1] ?? text).replace(/ on this host/, ""),
    remedy:
      "route" in range.of ? routeRemedy(seen, range.of.route) : onHost(host, `docker network rm ${range.of.network}`),
    hitsCheck: others.length < hosts.length ? crossing(host) : between(host, new Set(others)),
  });
};

/** Of the kernel itself, for an address of the device (rtnetlink(7), RTPROT_KERNEL). */
const isConnected = ({ protocol, gateway }: KernelRoute): boolean => protocol === "2" && gateway === undefined;

const routeRemedy = ({ host, depth }: Seen, route: KernelRoute): Remedy => {
  const { destination, device, gateway, metric } = route;
  const link = depth.own.links.find((l) => l.name === device);
  const range = {
    base: parseIp(destination.split("/")[0] ?? "") ?? 0,
    prefix: Number(destination.split("/")[1] ?? 32),
  };
  const address = link?.addresses.find((a) => contains(range, parseIp(a.address) ?? -1));
  if (isConnected(route) && address !== undefined)
    return onHost(host, `ip address del ${address.address}/${address.prefix} dev ${device ?? ""}`);
  const words = [
    ...(gateway === undefined ? [] : [`via ${gateway}`]),
    ...(device === undefined ? [] : [`dev ${device}`]),
    ...(metric === 0 ? [] : [`metric ${metric}`]),
  ];
  return onHost(host, ["ip route del", destination, ...words].join(" "));
};

const clashCause = (scene: Scene, { host, facts }: Seen, { kind, text }: Clash): Cause => {
  const isBackend = kind === "host" && facts.firewallBackend.startsWith("nftables");
  const id = isBackend
    ? "engine-backend"
    : kind === "host"
      ? "address-clash"
      : kind === "name" || kind === "link"
        ? "name-taken"
        : kind === "adopted"
          ? "overlap"
          : "conflict";
  return cause(id, { host, seen: text, remedy: clashRemedy(scene, host, text), hitsCheck: crossing(host) });
};

/** The text has the command where there is one. */
const clashRemedy = ({ deploy }: Scene, host: string, text: string): Remedy => {
  const [, command] = /\(((?:docker|ip) [^)]*)\)/.exec(text) ?? [];
  if (command !== undefined) return onHost(host, command);
  const [, network] = /^network (\S+): there is a Docker network of that name/.exec(text) ?? [];
  if (network !== undefined) return onHost(host, `docker network rm ${network}`);
  return here(PAIR.test(text) ? `${deploy} --reprobe` : deploy.replace(" deploy ", " validate "));
};
