import { totalmem } from "node:os";
import { XhostError } from "../../errors.ts";
import { dealtEngines, type Engine } from "../engine.ts";
import { need } from "../programs.ts";
import { memory } from "./boot.ts";
import { suite } from "./image.ts";

/** The programs of the machine that UML hosts take beyond those of a lab with own root file systems. */
export const guestPrograms = [
  need("linux.uml", "user-mode-linux"),
  need("mke2fs", "e2fsprogs"),
  need("bash", "bash"),
  need("tar", "tar"),
  need("taskset", "util-linux"),
];

/** The engine of every host: there is a guest of one suite. */
export const guestEngines = (list: string | undefined, hosts: number): readonly Engine[] => {
  const engines = dealtEngines(list ?? suite, hosts);
  const other = engines.find((engine) => engine !== `debian-${suite}`);
  if (other === undefined) return engines;
  throw new XhostError("INVENTORY", `engine "${list}": hosts of kind uml have that of Debian ${suite} only`);
};

/** Fails when the hosts could not all have their memory at once, and the machine might end some. */
export const checkMemory = (hosts: number): void => {
  const [wanted, has] = [hosts * memory, Math.floor(totalmem() / 2 ** 20)];
  if (wanted > has)
    throw new XhostError(
      "REMOTE",
      `lab: ${hosts} hosts of kind uml take ${wanted} MiB, and this machine has ${has} MiB`,
    );
};
