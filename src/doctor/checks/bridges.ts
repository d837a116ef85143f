import { adopted } from "../../model/fabric.ts";
import { PROJECT_LABEL } from "../../model/names.ts";
import { quote } from "../../ssh/quote.ts";
import { desiredState } from "../../model/desired.ts";
import type { DockerNetwork } from "../../model/facts.ts";
import { routeLine } from "../../plan/way-lines.ts";
import type { Cause } from "../diagnosis.ts";
import type { DiagnosisId } from "../ids.ts";
import { cause, ofContainers, onHost, type Scene, type Seen } from "./scene.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What is wrong with the bridges of the inventory's networks on a host; the first thing of each. */
export const bridges = (scene: Scene, seen: Seen, env: Env): readonly Cause[] => {
  const { inventory } = scene.fabric;
  return inventory.networks
    .filter((network) => network.blocks.has(seen.host))
    .flatMap((network) => {
      const own = seen.facts.networks.find(
        (n) => n.name === network.name && n.labels[PROJECT_LABEL] === inventory.name,
      );
      const docker = adopted(network, seen.host, seen.facts) ?? own;
      const trouble =
        docker === undefined ? undefined : troubleOf(docker, seen, (gateway) => routesFrom(gateway, scene, seen, env));
      if (trouble === undefined) return [];
      const refs = inventory.containers.filter((c) => c.network === network.name && c.host === seen.host);
      return [
        cause(trouble.id, {
          host: seen.host,
          seen: trouble.seen,
          remedy: onHost(seen.host, trouble.command),
          deployFixes: trouble.id !== "bridge-mtu" && docker === own,
          hitsCheck: ofContainers(new Set(refs.map((c) => c.ref))),
        }),
      ];
    });
};

type Trouble = { readonly id: DiagnosisId; readonly seen: string; readonly command: string };

/** As many fit on a screen with the rest. */
const FEW = 8;

/** Commands for our routes with that source, which the kernel takes away along with the address (fib_sync_down_addr); of many, how to get them. */
const routesFrom = (gateway: string, { fabric, deploy }: Scene, { host, facts }: Seen, env: Env): readonly string[] => {
  const routes = desiredState(fabric, host, facts, env).filter((r) => r.kind === "route" && r.source === gateway);
  return routes.length > FEW
    ? [`# and for the ${routes.length} routes that went with it, here: ${deploy}`]
    : routes.map((want) => `ip ${routeLine({ want, have: want, changed: [] }, fabric.inventory.name)}`);
};

type RoutesFrom = (gateway: string) => readonly string[];

const troubleOf = (
  { name, bridge, mtu, gateway, subnets }: DockerNetwork,
  { depth }: Seen,
  routes: RoutesFrom,
): Trouble | undefined => {
  const { links } = depth.own;
  const device = links.find((l) => l.name === bridge);
  if (device === undefined) {
    const seen = `the bridge ${bridge} of the network ${name} is gone, though Docker believes in it`;
    return { id: "bridge-down", seen, command: "systemctl restart docker || service docker restart" };
  }
  if (!device.up)
    return {
      id: "bridge-down",
      seen: `the bridge ${bridge} of the network ${name} is down`,
      command: `ip link set dev ${quote(bridge)} up`,
    };
  if (gateway !== undefined && !device.addresses.some((a) => a.address === gateway)) {
    const prefix = subnets[0]?.split("/")[1] ?? "24";
    const seen = `the bridge ${bridge} has not the address ${gateway} of the network ${name}`;
    const command = [`ip address add ${gateway}/${prefix} dev ${quote(bridge)}`, ...routes(gateway)].join("\n");
    return { id: "bridge-address", seen, command };
  }
  // Without a port a bridge has the kernel's 1500, whatever Docker was told (moby gives it to the veths).
  const hasPorts = links.some((l) => l.master === bridge);
  if (!hasPorts || device.mtu >= mtu) return undefined;
  const seen = `the bridge ${bridge} has MTU ${device.mtu}, its network ${name} ${mtu}`;
  return { id: "bridge-mtu", seen, command: `ip link set dev ${quote(bridge)} mtu ${mtu}` };
};
