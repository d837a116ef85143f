import { desiredState } from "../model/desired.ts";
import type { Fabric } from "../model/fabric.ts";
import type { Facts } from "../model/facts.ts";
import type { HostState } from "../model/state.ts";
import { withBoot } from "./boot.ts";

/** What should stand on one host that has been looked at, with what brings it back after a restart; pure. */
export const wantedState = (
  fabric: Fabric,
  host: string,
  facts: Facts,
  env: Parameters<typeof desiredState>[3],
): HostState => withBoot(() => desiredState(fabric, host, facts, env), fabric.inventory.name, facts);
