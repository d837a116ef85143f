import type { XhostError } from "../errors.ts";
import { dockerNetworkOf } from "../inventory/placement.ts";
import type { Fabric } from "../model/fabric.ts";
import { chainName } from "../model/names.ts";
import { ownRoutes } from "../model/owned.ts";
import { NOT_MEASURED, type Pair } from "../model/pairs.ts";
import { counts } from "../plan/format.ts";
import type { Change, HostPlan } from "../plan/step.ts";
import type { Look } from "./look.ts";
import { pairsOf } from "./pairs.ts";

type Judged = { readonly whole: Fabric; readonly plans: readonly HostPlan[]; readonly clashes: readonly XhostError[] };

/** A chosen host: what it is, and whether it is as the inventory says. */
export type HostRow = {
  readonly host: string;
  readonly address: string | null;
  readonly docker: string | null;
  readonly kernel: string | null;
  /** `unmeasured`: what has to change is known only after the ways to other hosts are measured; else an error's code in small letters. */
  readonly state: string;
  /** Things to add, change, replace and remove; null where nobody can tell. */
  readonly drift: {
    readonly add: number;
    readonly change: number;
    readonly replace: number;
    readonly remove: number;
  } | null;
  /** What these are, where it differs. */
  readonly changes: readonly Change[];
};

export const hostRows = (seen: Look, { whole, plans, clashes }: Judged): readonly HostRow[] => {
  const unmeasured = new Set(
    pairsOf(seen, whole)
      .filter(isUnmeasured)
      .flatMap(({ hosts }) => hosts),
  );
  return chosenHosts(seen).map((host) => {
    const facts = seen.sights.get(host)?.facts;
    const drift = facts === undefined ? null : driftOf(plans.find((p) => p.host === host));
    const differs = drift !== null && Object.values(drift).some((n) => n > 0);
    const state = clashes.some((e) => e.host === host)
      ? "conflict"
      : unmeasured.has(host)
        ? "unmeasured"
        : differs
          ? "differs"
          : "in sync";
    return {
      host,
      address: whole.addresses.get(host) ?? null,
      docker: facts?.engine ?? null,
      kernel: facts?.kernel ?? null,
      state: facts === undefined ? (seen.failed.get(host)?.code.toLowerCase() ?? "unknown") : state,
      drift,
      changes: changesOf(plans, host, state),
    };
  });
};

/** A pair for which only packets can tell the plane. */
const isUnmeasured = ({ plane, attempts }: Pair): boolean =>
  plane === undefined && attempts.some(({ why }) => why === NOT_MEASURED);

const changesOf = (plans: readonly HostPlan[], host: string, state: string): readonly Change[] =>
  plans
    .filter((p) => p.host === host && state === "differs")
    .flatMap(({ steps }) => steps.flatMap(({ changes }) => changes));

const driftOf = (plan: HostPlan | undefined): HostRow["drift"] => {
  const n = counts(plan === undefined ? [] : [plan]);
  return { add: n["+"], change: n["~"], replace: n["±"], remove: n["-"] };
};

/** A network at a chosen host. */
export type NetworkRow = {
  readonly network: string;
  readonly host: string;
  readonly subnets: readonly string[];
  /** Null where there is no such Docker network, or the host was not seen. */
  readonly bridge: string | null;
  readonly plane: string;
  readonly firewall: string;
  /** Whether the host was seen. */
  readonly seen: boolean;
  /** Whether there are rules of ours; a network with `firewall: none` needs none. */
  readonly guarded: boolean;
};

export const networkRows = (seen: Look, whole: Fabric): readonly NetworkRow[] =>
  seen.inventory.networks.flatMap((network) =>
    [...network.blocks.keys()]
      .filter((host) => seen.chosen.has(host))
      .map((host) => {
        const facts = seen.sights.get(host)?.facts;
        const name = dockerNetworkOf(network, host);
        return {
          network: network.name,
          host,
          subnets: whole.subnets.get(network.name)?.get(host) ?? [],
          bridge: facts?.networks.find((n) => n.name === name)?.bridge ?? null,
          plane: network.plane,
          firewall: network.firewall,
          seen: facts !== undefined,
          guarded: facts?.tables.get("filter")?.chains.has(chainName(seen.inventory.name)) === true,
        };
      }),
  );

/** A container of a chosen host. */
export type ContainerRow = {
  readonly container: string;
  readonly host: string;
  readonly network: string;
  readonly address: string | null;
  readonly image: string;
  /** Docker's word, such as running; `missing`, or `unknown` where the host was not seen. */
  readonly state: string;
  /** Docker's sentence about it; null where there is none. */
  readonly status: string | null;
};

export const containerRows = (seen: Look): readonly ContainerRow[] =>
  seen.inventory.containers
    .filter((c) => seen.chosen.has(c.host))
    .map((c) => {
      const facts = seen.sights.get(c.host)?.facts;
      const there = facts?.containers.find((found) => found.name === c.name);
      return {
        container: c.ref,
        host: c.host,
        network: c.network,
        address: Object.values(there?.addresses ?? {}).find((a) => a !== "") ?? null,
        image: c.service.image,
        state: facts === undefined ? "unknown" : (there?.state ?? "missing"),
        status: there?.status ?? null,
      };
    });

/** A route of the project on a chosen host. */
export type RouteRow = {
  readonly host: string;
  readonly to: string;
  readonly via: string | null;
  readonly device: string;
  readonly mtu: number | null;
};

export const routeRows = (seen: Look): readonly RouteRow[] =>
  chosenHosts(seen).flatMap((host) => {
    const facts = seen.sights.get(host)?.facts;
    const routes = facts === undefined ? [] : ownRoutes(facts, seen.inventory.name);
    return routes.map(({ destination, via = null, device, mtu }) => ({
      host,
      to: destination,
      via,
      device,
      mtu: mtu ?? facts?.interfaces.find((i) => i.name === device)?.mtu ?? null,
    }));
  });

const chosenHosts = ({ inventory, chosen }: Look): readonly string[] =>
  inventory.hosts.map((h) => h.name).filter((name) => chosen.has(name));
