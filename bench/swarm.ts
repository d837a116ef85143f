// xhost beside Docker Swarm: from nothing to packets between containers of two hosts.
import { handEnvironment, tableOf } from "./by-hand.ts";
import { root, type Fleet } from "./fleet.ts";
import { timed, xhost, type Rounds } from "./measured.ts";
import { SWARM } from "./targets.ts";

/**
 * xhost's time has all of its checks in it, Swarm's ends with the first packet. Once, and as the last on these hosts: what Swarm makes on a host outlives it, and a second one
 * on the same two got no packet through in eight minutes.
 */
export const againstSwarm = async (fleet: Fleet, { onRound, onPair }: Omit<Rounds, "rounds">): Promise<void> => {
  const { run, size, places, inventories } = fleet;
  const table = await tableOf(fleet, places.slice(0, size));
  const swarm = (what: string) => run([`${root}bench/swarm.sh`, what, table], { env: handEnvironment(fleet) });
  onRound("Swarm");
  const ours = await xhost(fleet, "deploy", "--yes", inventories.first);
  await xhost(fleet, "destroy", "--yes", inventories.first);
  const theirs = await timed(() => swarm("up"));
  onPair({ hosts: size, operation: "fresh deploy", rival: SWARM, ours, theirs });
  await swarm("down");
};
