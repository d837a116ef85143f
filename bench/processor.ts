import { cpus } from "node:os";

/** Seconds that this machine's processors have worked since it started, whoever for: xhost and the hosts are all on it. */
export const worked = (): number =>
  cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) / 1000;
