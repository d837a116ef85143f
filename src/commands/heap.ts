import { Buffer } from "node:buffer";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Half of the memory for hundreds of hosts, and no more time. V8 doubles the space of what is young whenever much of it survives, to 134 MB, more than a hundred hosts
 * need altogether: with a factor of 1 it stays as it is (SemiSpaceNewSpace::Grow, heap/new-spaces.cc). And it lets the rest grow to several times of what it found in use before it
 * looks again: with 15 % more it does (MemoryController::GrowingFactor, heap/heap-controller.cc). All are read each time, so that
 * they may be set while a program runs.
 * Node 24 cuts short buffers out of 64 kB; each connection keeps some of a few bytes, and with them all that they were cut out of. Node 22 has the 8 kB that are set here.
 */
export const keepHeapSmall = (): void => {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=15");
  Buffer.poolSize = 8192;
};

/**
 * Clears up when it is called and a third more is in use than after the last time. For work that makes much garbage without a pause: V8 looks bit by bit beside it
 * (heap/incremental-marking.h), and a plan of hundreds of hosts has made half of the heap anew before it is through.
 */
export const clearing = (): (() => void) => {
  setFlagsFromString("--expose-gc");
  const clear = runInNewContext("gc") as () => void;
  let least = 0;
  return () => {
    if (getHeapStatistics().used_heap_size < 1.33 * least) return;
    clear();
    least = getHeapStatistics().used_heap_size;
  };
};
