import { clashes, type Clash } from "../../model/conflicts.ts";
import { overlapsOn, type Overlap } from "../../model/overlaps.ts";
import { cidrOf, contains, parseIp } from "../../cidr.ts";
import { quote } from "../../ssh/quote.ts";
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
      ...overlapsOn(scene.fabric, host, facts).map((overlap) => overlapCause(scene, seen, overlap)),
      ...others.map((clash) => clashCause(scene, seen, clash)),
    ];
  });
};

/** What is said of two hosts at once. */
const PAIR = / between \S+ and \S+: /;

const overlapCause = (scene: Scene, seen: Seen, { range, hosts, text }: Overlap): Cause => {
  const { host } = seen;
  const isRoute = "route" in range.of;
  const isShared = isRoute && isConnected(range.of.route);
  const others = hosts.filter((h) => h !== host);
  return cause(isRoute && !isShared ? "route-foreign" : "overlap", {
    host,
    peer: others.length === 1 ? others[0] : undefined,
    seen: (text.split(": ")[1] ?? text).replace(/ on this host/, ""),
    remedy: overlapRemedy(scene, seen, { range, advice: text.split(": ").slice(2).join(": ") }),
    hitsCheck: others.length < hosts.length ? crossing(host) : between(host, new Set(others)),
  });
};

/** Of the kernel itself, for an address of the device (rtnetlink(7), RTPROT_KERNEL). */
const isConnected = ({ protocol, gateway }: KernelRoute): boolean => protocol === "2" && gateway === undefined;

/** The advice first; a deletion behind it where the thing cannot be what the host itself, or the way to it, lives on. */
const overlapRemedy = (
  scene: Scene,
  seen: Seen,
  { range, advice }: { readonly range: Overlap["range"]; readonly advice: string },
): Remedy => {
  const deletion =
    "route" in range.of
      ? routeDeletion(scene, seen, range.of.route)
      : ["docker", "network", "rm", range.of.network].map(quote).join(" ");
  return deletion === undefined
    ? here(`# ${advice}, then\n${scene.deploy}`)
    : onHost(seen.host, `# ${advice}; or, if nobody needs it any more,\n${deletion}`);
};

/** Routes with a way belong to a LAN or a VPN: those are not for us to delete. */
const routeDeletion = (scene: Scene, { host, facts, depth }: Seen, route: KernelRoute): string | undefined => {
  const { destination, device, gateway, metric } = route;
  if (device === undefined && gateway === undefined)
    return ["ip", "route", "del", destination, ...(metric === 0 ? [] : ["metric", String(metric)])]
      .map(quote)
      .join(" ");
  const link = depth.own.links.find((l) => l.name === device);
  const address = link?.addresses.find((a) => contains(cidrOf(destination), parseIp(a.address) ?? -1));
  if (!isConnected(route) || device === undefined || address === undefined) return undefined;
  const ssh = scene.fabric.inventory.hosts.find(({ name }) => name === host)?.ssh.host;
  const lives = [...scene.fabric.addresses.values(), ssh, facts.sshAddress];
  const isDefaultDevice = facts.routes.some((r) => r.device === device && cidrOf(r.destination).prefix === 0);
  if (isDefaultDevice || lives.includes(address.address)) return undefined;
  return ["ip", "address", "del", `${address.address}/${address.prefix}`, "dev", device].map(quote).join(" ");
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
  if (command !== undefined)
    return onHost(host, `# rename yours; or, if nobody needs what is there any more,\n${command}`);
  if (/^network \S+: there is a Docker network of that name/.test(text))
    return here(`# rename yours, or adopt it with \`existing\`, then\n${deploy}`);
  return here(PAIR.test(text) ? `${deploy} --reprobe` : deploy.replace(" deploy ", " validate "));
};
