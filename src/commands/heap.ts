import { Buffer } from "node:buffer";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Half of the memory for hundreds of hosts, and no more time. V8 doubles the space of what is young whenever much of it survives, to 134 MB, more than a hundred hosts
 * need altogether: with a factor of 1 it stays as it is (SemiSpaceNewSpace::Grow, heap/new-spaces.cc). And it lets the rest grow to several times of what it found in use before it
 * looks again: with 15 % more it does (MemoryController::GrowingFactor, heap/heap-controller.cc). While it looks bit by bit (IncrementalMarking, heap/incremental-marking.h), hundreds of hosts go
 * on making garbage beyond that; but without, it looks too seldom, at times never (measured): it is told when. All are read each time, so that they may be set while a program runs.
 * Node 24 cuts short buffers out of 64 kB; each connection keeps some of a few bytes, and with them all that they were cut out of. Node 22 has the 8 kB that are set here.
 */
export const keepHeapSmall = (): void => {
  if (collect !== undefined) return;
  for (const flag of ["semi-space-growth-factor=1", "heap-growing-percent=15", "no-incremental-marking", "expose-gc"])
    setFlagsFromString(`--${flag}`);
  Buffer.poolSize = 8192;
  collect = runInNewContext("gc") as () => void;
  setInterval(clearGarbage, 1000).unref();
};

let collect: (() => void) | undefined;
let least = 0;

/** Bytes; to look at a heap that is smaller pays off less often. */
const ENOUGH = 2 ** 24;

/** Clears up where a third more is in use than after the last time; for work of seconds without a pause, such as the plans of hundreds of hosts. Nothing before `keepHeapSmall`. */
export const clearGarbage = (): void => {
  if (collect === undefined || getHeapStatistics().used_heap_size < least * 1.33 + ENOUGH) return;
  collect();
  least = getHeapStatistics().used_heap_size;
};
