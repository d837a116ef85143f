// How long a piece of work takes, and what xhost itself takes for it.
import { readFile } from "node:fs/promises";
import { published, type Fleet } from "./fleet.ts";
import type { Operation, Rival } from "./targets.ts";

/** xhost and a rival at the same work on the same lab, in the same round. */
export type Pair = {
  readonly hosts: number;
  readonly operation: Operation;
  readonly rival: Rival;
  readonly ours: Cost;
  /** Seconds. */
  readonly theirs: number;
};

/** Seconds from start to exit, seconds of processor in user mode, and the peak of resident memory in MiB. */
export type Cost = { readonly seconds: number; readonly user: number; readonly memory: number };

/** How often a comparison is made; what it gives is told as it comes, so that it is not lost with what comes later. */
export type Rounds = {
  readonly rounds: number;
  readonly onRound: (text: string) => void;
  readonly onPair: (pair: Pair) => void;
};

export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

/** One after the other: the first begins in even rounds, the other one in odd ones, so that neither always has the hosts that the other one has warmed up. */
export const inTurn = async <A, B>(
  round: number,
  one: () => Promise<A>,
  other: () => Promise<B>,
): Promise<readonly [A, B]> => {
  if (round % 2 === 0) return [await one(), await other()];
  const second = await other();
  return [await one(), second];
};

/** GNU time (package time) reads what the kernel has counted for the process, getrusage(2). */
export const xhost = async ({ run, folder }: Fleet, ...args: readonly string[]): Promise<Cost> => {
  const file = `${folder}/cost`;
  const work = () => run(["env", "time", "--output", file, "--format", "%U %M", ...published, ...args]);
  const seconds = await timed(work);
  const [user = Number.NaN, kibibytes = Number.NaN] = (await readFile(file, "utf8")).split(" ").map(Number);
  return { seconds, user, memory: kibibytes / 1024 };
};
