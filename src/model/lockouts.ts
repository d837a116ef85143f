import { contains, parseIp } from "../cidr.ts";
import type { Block, Fabric } from "./fabric.ts";
import type { Facts } from "./facts.ts";

/**
 * Subnets of the fabric that would lead packets away which have to stay on their way: the host's answers to whoever is logged in, and what goes
 * through its routers. A block of the host itself is a bridge there, one of another host a route; either takes precedence over the
 * default route by its longer prefix. A route may be allowed, since the host takes it back when nobody can log in any more; a bridge of Docker's
 * it does not take back.
 */
export const lockouts = (
  fabric: Fabric,
  host: string,
  facts: Facts,
  { isAllowed }: { readonly isAllowed: boolean },
): readonly string[] => {
  const here = fabric.inventory.networks.filter((n) => n.blocks.has(host));
  const subnets = here.flatMap(({ name }) => fabric.blocks.get(name) ?? []);
  const others = logins(fabric).filter((l) => l.host !== host && here.some(({ name }) => name === l.network));
  const own = keptOf(facts).flatMap(({ address, what }) => {
    const ip = parseIp(address);
    return ip === undefined
      ? []
      : subnets.filter(({ cidr }) => contains(cidr, ip)).map((block) => ({ ...block, address, what }));
  });
  return [...own, ...others.map((login) => ({ ...login, what: `where xhost logs in to ${login.host}` }))]
    .filter(({ at, subnet }) => (at === host ? !stands(subnet, facts) : !isAllowed))
    .map(
      ({ network, subnet, at, address, what }) =>
        `network ${network}: ${subnet}${at === host ? ", its block here," : ` of ${at}`} has ${address} in it, ${what}: the host would not reach it any more: choose another pool or subnet${at === host ? "" : ", or pass --i-know"}`,
    );
};

/**
 * Subnets that have an address in them at which xhost logs in to a host of the project, as a name or `~/.ssh/config` has led to it: hosts that are reached
 * through another one are cut off by a route there, and whoever looks at that one alone sees nothing of it. What the inventory says in figures is refused before.
 */
const logins = (fabric: Fabric): readonly Login[] => {
  const found = known.get(fabric);
  if (found !== undefined) return found;
  const blocks = [...fabric.blocks.values()].flat();
  const made = [...fabric.sights.values()].flatMap(({ host, hostname, facts }) => {
    const addresses = new Set([hostname, ...(facts?.sshAddress === undefined ? [] : [facts.sshAddress])]);
    return [...addresses].flatMap((address) => {
      const ip = parseIp(address);
      return ip === undefined
        ? []
        : blocks.filter(({ cidr }) => contains(cidr, ip)).map((block) => ({ ...block, address, host: host.name }));
    });
  });
  known.set(fabric, made);
  return made;
};

type Login = Block & { readonly address: string; readonly host: string };
const known = new WeakMap<Fabric, readonly Login[]>();

/** A Docker network that is there with these addresses: what lives in it goes on to. */
const stands = (subnet: string, { networks }: Facts): boolean => networks.some((n) => n.subnets.includes(subnet));

const keptOf = ({ sshPeer, sshAddress, routes }: Facts): readonly { address: string; what: string }[] => [
  ...(sshPeer === undefined ? [] : [{ address: sshPeer, what: "where you are logged in from" }]),
  ...(sshAddress === undefined ? [] : [{ address: sshAddress, what: "the host's address that you are logged in at" }]),
  ...[
    ...new Set(routes.flatMap(({ destination, gateway }) => (destination === "0.0.0.0/0" ? (gateway ?? []) : []))),
  ].map((address) => ({ address, what: "the router of its default route" })),
];
