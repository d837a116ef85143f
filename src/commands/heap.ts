import { Buffer } from "node:buffer";
import { setFlagsFromString } from "node:v8";

/**
 * Half of the memory for hundreds of hosts, and no more time. V8 doubles the space of what is young whenever much of it survives, to 134 MB, more than a hundred hosts
 * need altogether: with a factor of 1 it stays as it is (SemiSpaceNewSpace::Grow, heap/new-spaces.cc). And it lets the rest grow to several times of what it found in use before it
 * looks again: with 15 % more it does (MemoryController::GrowingFactor, heap/heap-controller.cc). While it looks bit by bit (IncrementalMarking, heap/incremental-marking.h), a plan of hundreds
 * of hosts goes on making garbage beyond that: all at once took a tenth less memory and processor time with 200, and a pause of 0.1 s harms nobody here. All are read each time, so that
 * they may be set while a program runs.
 * Node 24 cuts short buffers out of 64 kB; each connection keeps some of a few bytes, and with them all that they were cut out of. Node 22 has the 8 kB that are set here.
 */
export const keepHeapSmall = (): void => {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=15");
  setFlagsFromString("--no-incremental-marking");
  Buffer.poolSize = 8192;
};
