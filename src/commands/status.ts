import { ownedState } from "../model/owned.ts";
import type { Facts } from "../model/facts.ts";
import { counts } from "../plan/format.ts";
import type { HostPlan } from "../plan/step.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { failureCode, look, type Look } from "./look.ts";
import { chosenFailures, failureLines } from "./plan.ts";
import { planDeploy, type Planned } from "./planning.ts";
import { table } from "./table.ts";

/** What stands on the hosts, and how far it is from what the inventory says; changes nothing and sends no packet. */
export const status = (target: Target, context: Context): Promise<Outcome> =>
  look(context, target, false, async (seen) => {
    const planned = await planDeploy(seen, context, { iKnow: true });
    const hosts = hostRows(seen, planned);
    const networks = networkRows(seen, planned);
    const containers = containerRows(seen);
    const links = linkRows(seen);
    const sections = [
      table(
        ["HOST", "ADDRESS", "DOCKER", "KERNEL", "STATE"],
        hosts.map((h) => [h.host, h.address, h.docker, h.kernel, h.state]),
      ),
      section(
        ["NETWORK", "HOST", "SUBNET", "BRIDGE", "PLANE", "FIREWALL"],
        networks.map((n) => [n.network, n.host, n.subnet, n.bridge, n.plane, n.firewall]),
      ),
      section(
        ["CONTAINER", "HOST", "NETWORK", "ADDRESS", "IMAGE", "STATE"],
        containers.map((c) => [c.container, c.host, c.network, c.address, c.image, c.state]),
      ),
      section(
        ["LINK FROM", "TO", "VIA", "DEVICE"],
        links.map((l) => [l.host, l.destination, l.via, l.device]),
      ),
      failureLines(seen).join("\n"),
    ];
    return {
      text: sections.filter((part) => part !== "").join("\n\n"),
      json: {
        hosts,
        networks,
        containers,
        links,
        failed: Object.fromEntries(chosenFailures(seen).map(([n, e]) => [n, e.message])),
      },
      code: failureCode(chosenFailures(seen).map(([, e]) => e)),
    };
  });

const section = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0 ? "" : table(head, rows);

const drift = (plan: HostPlan | undefined): string => {
  if (plan === undefined || plan.steps.length === 0) return "in sync";
  const n = counts([plan]);
  return `differs: ${n["+"]} to add, ${n["~"]} to change, ${n["±"]} to replace, ${n["-"]} to remove`;
};

const hostRows = (seen: Look, { fabric, plans }: Planned) =>
  chosen(seen).map((host) => {
    const facts = seen.sights.get(host)?.facts;
    return {
      host,
      address: fabric.addresses.get(host) ?? "",
      docker: facts?.engine ?? "",
      kernel: facts?.kernel ?? "",
      state:
        facts === undefined
          ? (seen.failed.get(host)?.code.toLowerCase() ?? "")
          : drift(plans.find((p) => p.host === host)),
    };
  });

const networkRows = (seen: Look, { fabric }: Planned) =>
  seen.inventory.networks.flatMap((network) =>
    [...network.blocks]
      .filter(([host]) => seen.chosen.has(host))
      .map(([host, source]) => {
        const name = source.kind === "existing" ? source.dockerNetwork : network.name;
        const there = seen.sights.get(host)?.facts?.networks.find((n) => n.name === name);
        const subnet = (fabric.subnets.get(network.name)?.get(host) ?? []).join(", ");
        return {
          network: network.name,
          host,
          subnet,
          bridge: there?.bridge ?? "not there",
          plane: network.plane,
          firewall: network.firewall,
        };
      }),
  );

const containerRows = (seen: Look) =>
  seen.inventory.containers
    .filter((c) => seen.chosen.has(c.host))
    .map((c) => {
      const facts = seen.sights.get(c.host)?.facts;
      const there = facts?.containers.find((found) => found.name === c.name);
      const address = Object.values(there?.addresses ?? {}).find((a) => a !== "") ?? "";
      const state = facts === undefined ? "unknown" : (there?.status ?? "not there");
      return { container: c.ref, host: c.host, network: c.network, address, image: c.service.image, state };
    });

const linkRows = (seen: Look) =>
  chosen(seen).flatMap((host) =>
    routesOf(seen.sights.get(host)?.facts, seen.inventory.name).map((route) => ({ host, ...route })),
  );

const routesOf = (facts: Facts | undefined, project: string) =>
  (facts === undefined ? [] : ownedState(facts, project)).flatMap((r) =>
    r.kind === "route" ? [{ destination: r.destination, via: r.via, device: r.device }] : [],
  );

const chosen = ({ inventory, chosen: names }: Look): readonly string[] =>
  inventory.hosts.map((h) => h.name).filter((name) => names.has(name));
