import type { XhostError } from "../errors.ts";
import { dockerNetworkOf } from "../inventory/placement.ts";
import type { Fabric } from "../model/fabric.ts";
import { chainName } from "../model/names.ts";
import { ownRoutes } from "../model/owned.ts";
import { counts } from "../plan/format.ts";
import type { HostPlan } from "../plan/step.ts";
import type { Look } from "./look.ts";

type Row = Readonly<Record<string, string>>;
type Judged = { readonly whole: Fabric; readonly plans: readonly HostPlan[]; readonly clashes: readonly XhostError[] };

/** A row per chosen host: what it is, and whether it is as the inventory says. */
export const hostRows = (seen: Look, { whole, plans, clashes }: Judged): readonly Row[] =>
  chosenHosts(seen).map((host) => {
    const facts = seen.sights.get(host)?.facts;
    const state = clashes.some((e) => e.host === host) ? "conflict" : drift(plans.find((p) => p.host === host));
    return {
      host,
      address: whole.addresses.get(host) ?? "",
      docker: facts?.engine ?? "",
      kernel: facts?.kernel ?? "",
      state: facts === undefined ? (seen.failed.get(host)?.code.toLowerCase() ?? "") : state,
    };
  });

const drift = (plan: HostPlan | undefined): string => {
  if (plan === undefined || plan.steps.length === 0) return "in sync";
  const n = counts([plan]);
  return `differs: ${n["+"]} to add, ${n["~"]} to change, ${n["±"]} to replace, ${n["-"]} to remove`;
};

/** A row per network and chosen host. */
export const networkRows = (seen: Look, whole: Fabric): readonly Row[] =>
  seen.inventory.networks.flatMap((network) =>
    [...network.blocks]
      .filter(([host]) => seen.chosen.has(host))
      .map(([host]) => {
        const name = dockerNetworkOf(network, host);
        const there = seen.sights.get(host)?.facts?.networks.find((n) => n.name === name);
        const subnet = (whole.subnets.get(network.name)?.get(host) ?? []).join(", ");
        const facts = seen.sights.get(host)?.facts;
        const bridge = facts === undefined ? "unknown" : (there?.bridge ?? "not there");
        const chain = facts?.tables.get("filter")?.chains.has(chainName(seen.inventory.name)) === true;
        const { plane, firewall: mode } = network;
        const firewall = facts === undefined ? "unknown" : mode === "none" || chain ? mode : `${mode}, not there`;
        return { network: network.name, host, subnet, bridge, plane, firewall };
      }),
  );

/** A row per container on a chosen host. */
export const containerRows = (seen: Look): readonly Row[] =>
  seen.inventory.containers
    .filter((c) => seen.chosen.has(c.host))
    .map((c) => {
      const facts = seen.sights.get(c.host)?.facts;
      const there = facts?.containers.find((found) => found.name === c.name);
      const address = Object.values(there?.addresses ?? {}).find((a) => a !== "") ?? "";
      const state = facts === undefined ? "unknown" : (there?.status ?? "not there");
      return { container: c.ref, host: c.host, network: c.network, address, image: c.service.image, state };
    });

/** A row per route of the project. */
export const linkRows = (seen: Look): readonly Row[] =>
  chosenHosts(seen).flatMap((host) => {
    const facts = seen.sights.get(host)?.facts;
    const routes = facts === undefined ? [] : ownRoutes(facts, seen.inventory.name);
    return routes.map(({ destination, via = "", device, mtu }) => ({
      "route on": host,
      to: destination,
      via,
      device,
      mtu: String(mtu ?? facts?.interfaces.find((i) => i.name === device)?.mtu ?? ""),
    }));
  });

const chosenHosts = ({ inventory, chosen }: Look): readonly string[] =>
  inventory.hosts.map((h) => h.name).filter((name) => chosen.has(name));
