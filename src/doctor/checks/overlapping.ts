import { cidrOf, contains, parseIp } from "../../cidr.ts";
import { deletionOf, isWithin, overlapsOn, type Overlap } from "../../model/overlaps.ts";
import type { DeepRoute } from "../../model/depth.ts";
import type { KernelRoute } from "../../model/facts.ts";
import { quote } from "../../ssh/quote.ts";
import { walkEnd } from "../../walk/blocking.ts";
import { lookup, routeText } from "../../walk/route.ts";
import type { Cause, Remedy } from "../diagnosis.ts";
import { cause, here, onHost, worldOf, type Scene, type Seen } from "./scene.ts";

/** Foreign routes, addresses and Docker networks on a host that have addresses of the fabric; deploy changes nothing while one is there. */
export const overlapping = (scene: Scene, seen: Seen): readonly Cause[] =>
  overlapsOn(scene.fabric, seen.host, seen.facts).map((overlap) => {
    const { range, hosts, text } = overlap;
    const others = hosts.filter((host) => host !== seen.host);
    const isRoute = "route" in range.of && !isConnected(range.of.route);
    return cause(isRoute ? "route-foreign" : "overlap", {
      host: seen.host,
      peer: others.length === 1 ? others[0] : undefined,
      seen: seenOf(seen, overlap, text.split(": ")[1] ?? text),
      remedy: remedyOf(scene, seen, overlap),
      hitsCheck: takenBy(scene, seen, range),
      blocksDeploy: true,
    });
  });

/** Of the kernel itself, for an address of the device (rtnetlink(7), RTPROT_KERNEL). */
const isConnected = ({ protocol, gateway, device }: KernelRoute): boolean =>
  protocol === "2" && gateway === undefined && device !== undefined;

/** A route as `ip route` shows it, and not only where it leads. */
const seenOf = ({ depth }: Seen, { range: { of, what } }: Overlap, text: string): string => {
  const route = "route" in of ? depth.own.routes.find((r) => r.table === "main" && isSame(r, of.route)) : undefined;
  const said = route === undefined ? what : `the route ${routeText(route)}`;
  return text.replace(what, said).replace(/ on this host/, "");
};

const isSame = (route: DeepRoute, other: KernelRoute): boolean =>
  route.destination === other.destination &&
  route.metric === other.metric &&
  route.device === other.device &&
  route.gateway === other.gateway;

/** Checks whose packets really take the foreign way on this host: the kernel may know a better one. */
const takenBy = (scene: Scene, { host, facts, depth }: Seen, { of }: Overlap["range"]): Cause["hitsCheck"] => {
  const bridge = "network" in of ? facts.networks.find((n) => n.name === of.network)?.bridge : undefined;
  const isForeign = (route: DeepRoute | undefined): boolean =>
    route !== undefined &&
    ("route" in of
      ? (route.table === "main" && isSame(route, of.route)) ||
        (isConnected(of.route) && route.device === of.route.device)
      : route.device === bridge);
  const world = worldOf(scene);
  const addressOf = (ref: string): string | undefined => walkEnd(scene.fabric, world, ref)?.address;
  return (from, to) => {
    if (from.host !== host && to.host !== host) return false;
    const [source, destination] = [addressOf(from.ref), addressOf(to.ref)];
    if (source === undefined || destination === undefined) return false;
    const ways = [
      { source, destination },
      { source: destination, destination: source },
    ];
    return ways.some((way) => isForeign(lookup(depth.own, { ...way, mark: 0, incoming: "lo" }).route));
  };
};

/** The advice first; a deletion behind it where the thing cannot be what the host itself, or the way to it, lives on. */
const remedyOf = (scene: Scene, seen: Seen, { range, advice }: Overlap): Remedy => {
  const deletion =
    "route" in range.of
      ? routeDeletion(scene, seen, range.of.route)
      : ["docker", "network", "rm", range.of.network].map(quote).join(" ");
  return deletion === undefined
    ? here(`# ${advice}, then\n${scene.deploy}`)
    : onHost(seen.host, `# ${advice}; or, if nobody needs it any more,\n${deletion}`);
};

/** A way to addresses beyond one block belongs to a LAN or a VPN: that is not for us to delete. */
const routeDeletion = (scene: Scene, { host, facts, depth }: Seen, route: KernelRoute): string | undefined => {
  const { destination, device, gateway } = route;
  if ((device === undefined && gateway === undefined) || isWithin(scene.fabric, route))
    return deletionOf(route).map(quote).join(" ");
  const link = depth.own.links.find((l) => l.name === device);
  const address = link?.addresses.find((a) => contains(cidrOf(destination), parseIp(a.address) ?? -1));
  if (!isConnected(route) || device === undefined || address === undefined) return undefined;
  const ssh = scene.fabric.inventory.hosts.find(({ name }) => name === host)?.ssh.host;
  const lives = [...scene.fabric.addresses.values(), ssh, facts.sshAddress];
  const isDefaultDevice = facts.routes.some((r) => r.device === device && cidrOf(r.destination).prefix === 0);
  if (isDefaultDevice || lives.includes(address.address)) return undefined;
  return ["ip", "address", "del", `${address.address}/${address.prefix}`, "dev", device].map(quote).join(" ");
};
