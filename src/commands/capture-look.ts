import { phase } from "../apply/phase.ts";
import { measureClock, type Clock } from "../capture/clock.ts";
import { devicesOf } from "../capture/devices.ts";
import type { Taken } from "../capture/points.ts";
import { cidrOf, parseIp, type Cidr } from "../cidr.ts";
import { endpointsOf } from "../doctor/endpoints.ts";
import { combined, XhostError } from "../errors.ts";
import type { Inventory, InventoryContainer, InventoryHost } from "../inventory/inventory.ts";
import { dockerNetworkOf } from "../inventory/placement.ts";
import { fabric, type Fabric } from "../model/fabric.ts";
import type { Sight } from "../model/sight.ts";
import { observe } from "../observe/observe.ts";
import { connector, type Connector } from "../ssh/connect.ts";
import type { Host } from "../ssh/host.ts";
import type { Context } from "./context.ts";

/** What a capture needs to know before it begins. */
export type CaptureLook = {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly fabric: Fabric;
  readonly taken: readonly Taken[];
  readonly clocks: ReadonlyMap<string, Clock>;
};

type Wanted = { readonly containers: readonly InventoryContainer[]; readonly limit: readonly string[] | undefined };

/**
 * Connects to the hosts of the containers, those of `limit` where it is given, and to no other; `use` gets the connections while they stand. A
 * host that cannot be asked is an error: a capture without it would look as if packets were lost.
 */
export const lookForCapture = async <T>(
  inventory: Inventory,
  wanted: Wanted,
  context: Context,
  use: (look: CaptureLook) => Promise<T>,
): Promise<T> => {
  const ssh = connector({ timeout: context.timeout, note: context.note });
  const { signal } = context.progress;
  const cut = (): void => void ssh.close();
  signal.addEventListener("abort", cut, { once: true });
  try {
    const look = await lookAtAll(inventory, wanted, context, ssh);
    signal.removeEventListener("abort", cut);
    return await use(look);
  } finally {
    signal.removeEventListener("abort", cut);
    await ssh.close();
  }
};

const lookAtAll = async (
  inventory: Inventory,
  { containers, limit }: Wanted,
  context: Context,
  ssh: Connector,
): Promise<CaptureLook> => {
  const names = new Set(containers.map(({ host }) => host).filter((host) => limit?.includes(host) !== false));
  if (names.size === 0) throw new XhostError("INVENTORY", "--limit: leaves none of the hosts of these containers");
  const there = inventory.hosts.filter(({ name }) => names.has(name));
  const look = (host: InventoryHost) => lookAt(host, { inventory, containers, context, ssh });
  const { done, failed } = await phase("Look at the hosts", there, look, context.progress);
  if (failed.size > 0) throw withAdvice([...failed.values()], [...done.keys()]);
  const sights = new Map(
    inventory.hosts.map((host): [string, Sight] => {
      const seen = done.get(host.name);
      return [host.name, { host, hostname: seen?.host.hostname ?? host.ssh.host, facts: seen?.facts }];
    }),
  );
  const whole = fabric(inventory, sights);
  const known = new Map([...done.values()].flatMap(({ found }) => found.map((c) => [c.ref, c])));
  return {
    hosts: new Map([...done].map(([name, { host }]) => [name, host])),
    fabric: whole,
    taken: containers.map((c) => known.get(c.ref) ?? { ...c, end: blockOf(whole, c), inside: undefined }),
    clocks: new Map([...done].map(([name, { clock }]) => [name, clock])),
  };
};

const withAdvice = (errors: readonly XhostError[], rest: readonly string[]): XhostError => {
  const all = combined(errors);
  if (all.code !== "UNREACHABLE" || rest.length === 0) return all;
  return new XhostError(all.code, `${all.message}\n--limit ${rest.join(",")} captures without`, { cause: all });
};

type Looking = {
  readonly inventory: Inventory;
  readonly containers: readonly InventoryContainer[];
  readonly context: Context;
  readonly ssh: Connector;
};

const lookAt = async (at: InventoryHost, { inventory, containers, context, ssh }: Looking) => {
  const host = await ssh.open(at);
  const networks = new Map(inventory.networks.map((network) => [network.name, dockerNetworkOf(network, at.name)]));
  const here = containers
    .filter((c) => c.host === at.name)
    .map((c) => ({ ...c, dockerNetwork: networks.get(c.network) ?? c.network }));
  const [{ facts }, endpoints, clock] = await Promise.all([
    observe(host, context.timeout),
    endpointsOf(host, here),
    measureClock(host),
  ]);
  return { host, facts, clock, found: await devicesOf(host, here, endpoints) };
};

/** Where its host is not asked: the address it is given, else the block that the others have a route to. */
const blockOf = ({ subnets }: Fabric, { ref, network, host, address }: InventoryContainer): Cidr => {
  const base = address === undefined ? undefined : parseIp(address);
  if (base !== undefined) return { base, prefix: 32 };
  const block = subnets.get(network)?.get(host)?.[0];
  if (block === undefined)
    throw new XhostError("INVENTORY", `capture: the address of ${ref} is not known while ${host} is not looked at`);
  return cidrOf(block);
};
