import type { InventoryNetwork } from "../inventory/inventory.ts";
import type { Fabric } from "./fabric.ts";
import type { Facts } from "./facts.ts";
import { linkAlias, linkName } from "./names.ts";
import { crossingOf, NOT_MEASURED, pairOf, type Pair } from "./pairs.ts";

/** A pair between which no plane crosses, and what is to be said of it. */
export type Rupture = { readonly pair: Pair; readonly text: string };

/** Pairs of the host between which no plane carries the network's packets: which were judged, and what was seen. Either host is told the same. */
export const ruptures = (
  fabric: Fabric,
  network: InventoryNetwork,
  { host, unmeasured, reprobe }: { readonly host: string; readonly unmeasured: boolean; readonly reprobe: boolean },
): readonly Rupture[] =>
  [...network.blocks.keys()]
    .filter((other) => other !== host)
    .flatMap((other) => {
      const crossing = crossingOf(fabric, network, host, other);
      if (crossing === undefined || crossing.plane !== undefined) return [];
      const pair = pairOf(fabric, network, host, other);
      if (pair === undefined) return [];
      const isKnown = pair.attempts.every(({ why, measured }) => why !== NOT_MEASURED && !(reprobe && measured));
      return isKnown || !unmeasured ? [{ pair, text: rupture(pair, network) }] : [];
    });

const rupture = ({ hosts: [a, b], attempts }: Pair, network: InventoryNetwork): string => {
  const all = attempts.map(({ plane, why }) => `${plane}: ${why}`).join("; ");
  if (attempts.some(({ why }) => why === NOT_MEASURED))
    return `it is not known which plane crosses between ${a} and ${b}: ${all}: measuring needs perl or python3 on both, or name the plane`;
  const [only] = attempts;
  if (attempts.length === 1 && only !== undefined) {
    const remedies = [
      ...(only.measured ? ["let the fabric between them pass it (--reprobe measures again)"] : []),
      ...(network.encrypt || network.plane === "auto" ? [] : ["write `plane: auto`"]),
    ];
    return [`plane ${only.plane} does not cross between ${a} and ${b}: ${only.why}`, remedies.join(", or ")]
      .filter((text) => text !== "")
      .join(": ");
  }
  return `no plane crosses between ${a} and ${b}: ${all}: let the fabric between them pass one (--reprobe measures again)`;
};

/** Device names are short: another's may be the same, and it is not ours to delete. */
export const linkConflicts = (fabric: Fabric, host: string, facts: Facts): readonly string[] => {
  const { name: project, networks } = fabric.inventory;
  if (!networks.some((n) => n.blocks.has(host))) return [];
  const names = (["ipip", "vxlan", "wireguard"] as const).map((type) => linkName(project, type));
  return facts.interfaces
    .filter(({ name, alias }) => names.includes(name) && alias !== linkAlias(project))
    .map(({ name }) => `there is a device ${name} that is not this project's: remove it (ip link del ${name})`);
};
