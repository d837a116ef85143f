import { phase } from "../apply/phase.ts";
import type { Scene } from "../doctor/checks/scene.ts";
import type { Endpoint } from "../doctor/finding.ts";
import { expectedOf } from "../doctor/expected.ts";
import { measure } from "../doctor/measure.ts";
import { hostPingsOf, needsOf, waysInUse } from "../doctor/pairs.ts";
import { reach, type HostPing } from "../doctor/reach.ts";
import type { Finding } from "../doctor/finding.ts";
import { XhostError } from "../errors.ts";
import type { Check } from "../inventory/inventory.ts";
import { dockerNetworkOf } from "../inventory/placement.ts";
import type { Sizes, Way } from "../model/evidence.ts";
import { observeHealth, type Health } from "../observe/health.ts";
import type { Host } from "../ssh/host.ts";
import type { Context } from "./context.ts";
import type { Look } from "./look.ts";

/** What the packets told. */
export type Probed = {
  readonly findings: readonly Finding[];
  readonly needs: ReturnType<typeof needsOf>;
  readonly sizes: ReadonlyMap<Way, Sizes>;
  readonly answered: ReadonlyMap<HostPing, boolean>;
  /** What is around the network of each host. */
  readonly health: ReadonlyMap<string, Health>;
  /** Hosts on which no packet could be sent or heard. */
  readonly errors: readonly XhostError[];
  /** Hosts that can make checks but cannot measure, and why. */
  readonly unmeasured: readonly XhostError[];
};

/** Sends all packets at once: those of the checks, those between the hosts, and those that measure what the fabric passes. */
export const probes = async (
  look: Look,
  scene: Scene,
  context: Context,
  { checks, full }: { readonly checks: readonly Check[]; readonly full: boolean },
): Promise<Probed> => {
  const needs = needsOf(scene);
  const ways = waysInUse(scene, needs, full);
  const { hosts } = look;
  const work = async () => {
    const [reached, measured, health] = await Promise.all([
      reach(checks, {
        hosts,
        endpoints: endpointsOf(look, checks),
        ...expectedOf(scene.fabric),
        hostPings: hostPingsOf(ways),
      }),
      measure(ways, { hosts, signal: context.progress.signal }),
      healthOf([...hosts.values()].filter(({ name }) => look.chosen.has(name))),
    ]);
    return { reached, measured, health };
  };
  const { done, failed } = await phase("Send packets", [{ name: "all" }], work, context.progress);
  for (const error of failed.values()) throw error;
  const result = done.get("all");
  if (result === undefined) throw new TypeError("nothing was sent");
  const { reached, measured, health } = result;
  const errors = new Set(reached.errors.map(({ host }) => host));
  return {
    findings: reached.findings,
    needs,
    health,
    sizes: measured.sizes,
    answered: reached.answered,
    errors: reached.errors,
    unmeasured: [...measured.errors.values()].filter(({ host }) => !errors.has(host)),
  };
};

/** A host that does not answer now is told of by the checks; what is around its network does not matter then. */
const healthOf = async (hosts: readonly Host[]): Promise<ReadonlyMap<string, Health>> => {
  const found = await Promise.allSettled(hosts.map(async (host) => [host.name, await observeHealth(host)] as const));
  for (const { reason } of found.filter((f) => f.status === "rejected"))
    if (!(reason instanceof XhostError)) throw reason;
  return new Map(found.flatMap((f) => (f.status === "fulfilled" ? [f.value] : [])));
};

/** The checked containers as they were seen, also outside `--limit`: nobody has to be asked again. */
const endpointsOf = ({ inventory, sights, depths }: Look, checks: readonly Check[]): ReadonlyMap<string, Endpoint> => {
  const checked = new Set(checks.flatMap((c) => [c.from, c.to]));
  const ends = inventory.containers
    .filter((c) => checked.has(c.ref))
    .flatMap(({ ref, host, name, network: key }): Endpoint[] => {
      const [facts, depth] = [sights.get(host)?.facts, depths.get(host)];
      if (facts === undefined || depth === undefined) return [];
      const network = inventory.networks.find((n) => n.name === key);
      const found = facts.containers.find((c) => c.name === name);
      const address = found?.addresses[network === undefined ? key : dockerNetworkOf(network, host)];
      const pid = depth.containers.get(found?.id ?? "")?.pid ?? 0;
      const unseen = depth.unseen.find(({ container }) => container !== undefined && container === found?.id)?.what;
      const state = found?.status ?? "there is no such container";
      return [{ ref, host, address, pid, state, ...(pid === 0 && { unseen }) }];
    });
  return new Map(ends.map((end) => [end.ref, end]));
};
