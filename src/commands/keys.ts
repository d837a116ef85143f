import { phase } from "../apply/phase.ts";
import { combined, XhostError } from "../errors.ts";
import { hostFolder, keyFile } from "../model/names.ts";
import { makeKeyLines } from "../plan/file-lines.ts";
import { isPublicKey } from "../observe/wireguard.ts";
import type { HostPlan } from "../plan/step.ts";
import type { Context } from "./context.ts";
import type { Look } from "./look.ts";

/**
 * Makes the wireguard keys that the plans want and the hosts do not have yet, and returns what is seen with their public halves: the
 * others' plans need them; the same object where none is wanted. A private key never leaves its host. Throws where one cannot be made, with nothing else changed.
 */
export const withKeys = async (look: Look, plans: readonly HostPlan[], context: Context): Promise<Look> => {
  const { inventory, hosts } = look;
  const path = keyFile(inventory.name);
  const wanting = plans.filter((plan) =>
    plan.steps.some((step) => step.changes.some(({ sign, what }) => sign !== "-" && what === `key ${path}`)),
  );
  const all = wanting.flatMap(({ host }) => hosts.get(host) ?? []);
  if (all.length === 0) return look;
  const script = ["set -e", `mkdir -p ${hostFolder(inventory.name)}`, ...makeKeyLines(path), `wg pubkey <${path}`].join(
    "\n",
  );
  const { done, failed } = await phase(
    "Make keys",
    all,
    async (host) => {
      const key = (await host.run(script, "make the wireguard key")).trim();
      if (isPublicKey(key)) return key;
      throw new XhostError("REMOTE", "make the wireguard key: what wg prints is none", { host: host.name });
    },
    context.progress,
  );
  if (failed.size > 0) throw combined([...failed.values()]);
  const sights = new Map(
    [...look.sights].map(([name, sight]) => {
      const key = done.get(name);
      if (key === undefined || sight.facts === undefined) return [name, sight];
      return [
        name,
        { ...sight, facts: { ...sight.facts, keys: new Map([...sight.facts.keys, [inventory.name, key]]) } },
      ];
    }),
  );
  return { ...look, sights };
};
