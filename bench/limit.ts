// xhost beside hand.sh: what a person could do with the fewest commands is the limit.
import { byHand, type ByHand } from "./by-hand.ts";
import type { Fleet } from "./fleet.ts";
import { leftBehind, sameLeft, wholeState, type LeftBehind } from "./left-behind.ts";
import { inTurn, timed, xhost, type Cost, type Pair, type Rounds } from "./measured.ts";
import { BY_HAND, READ_SCRIPT_ALONE, type Operation } from "./targets.ts";

/**
 * Each round is a whole life of the fleet with xhost and one by hand, in turn. Throws where they do not leave the same behind, or anything in
 * the end.
 */
export const againstTheLimit = async (fleet: Fleet, { rounds, onRound, onPair }: Rounds): Promise<void> => {
  const hand = await byHand(fleet);
  onRound("warming up");
  // Caches of the disk and of Docker; Node's own is there since the fleet was planned.
  const { deploy, join, destroy } = theirWork(hand);
  for (const work of [deploy, join, destroy]) await work();
  const before = await wholeState(fleet);
  for (let round = 1; round <= rounds; round++) {
    onRound(`by hand, round ${round} of ${rounds}`);
    const idle: Pair[] = [];
    const one = (): Promise<Life<Cost>> => lifeOf(fleet, ourWork(fleet), () => noOps(fleet, hand, idle));
    const other = (): Promise<Life<number>> => lifeOf(fleet, theirWork(hand));
    const [us, them] = await inTurn(round, one, other);
    sameLeft(["xhost", us.deployed], [BY_HAND, them.deployed]);
    sameLeft(["xhost", us.grown], [BY_HAND, them.grown]);
    sameLeft(["before", before], ["after", await wholeState(fleet)]);
    const of = ([operation, ours]: readonly [Operation, Cost]): Pair => ({
      ...{ hosts: fleet.size, operation, rival: BY_HAND, ours },
      theirs: them.took.get(operation) ?? Number.NaN,
    });
    for (const pair of [...[...us.took].map(of), ...idle]) onPair(pair);
  }
};

type Work<T> = Readonly<Record<"deploy" | "change" | "join" | "destroy", () => Promise<T>>>;

const ourWork = (fleet: Fleet): Work<Cost> => {
  const { first, changed, grown } = fleet.inventories;
  return {
    deploy: () => xhost(fleet, "deploy", "--yes", first),
    change: () => xhost(fleet, "deploy", "--yes", changed),
    join: () => xhost(fleet, "deploy", "--yes", grown),
    destroy: () => xhost(fleet, "destroy", "--yes", grown),
  };
};

const theirWork = ({ deploy, change, join, destroy }: ByHand): Work<number> => ({
  deploy: () => timed(deploy),
  change: () => timed(change),
  join: () => timed(join),
  destroy: () => timed(destroy),
});

/** What each operation took, and what stood after the first and before the last. */
type Life<T> = { readonly took: ReadonlyMap<Operation, T>; readonly deployed: LeftBehind; readonly grown: LeftBehind };

const lifeOf = async <T>(fleet: Fleet, work: Work<T>, meanwhile?: () => Promise<void>): Promise<Life<T>> => {
  const deploy = await work.deploy();
  const deployed = await leftBehind(fleet, fleet.places);
  await meanwhile?.();
  const change = await work.change();
  const join = await work.join();
  const grown = await leftBehind(fleet, fleet.places);
  const took = new Map<Operation, T>([
    ["fresh deploy", deploy],
    ["change a container", change],
    ["add a host", join],
    ["destroy", await work.destroy()],
  ]);
  return { took, deployed, grown };
};

/** Short work, so several pairs in a round, in turn. */
const noOps = async (fleet: Fleet, { read }: ByHand, pairs: Pair[]): Promise<void> => {
  for (let i = 0; i < 3; i++) {
    const ours = (): Promise<Cost> => xhost(fleet, "deploy", "--yes", fleet.inventories.first);
    const [own, theirs] = await inTurn(i, ours, () => timed(read));
    pairs.push({ hosts: fleet.size, operation: "no-op deploy", rival: READ_SCRIPT_ALONE, ours: own, theirs });
  }
};
