import { dockerCall } from "../ssh/docker-call.ts";
import type { DeployScenario } from "../scenario/deploy-scenario.ts";
import { differences, stateOf, type HostState } from "../scenario/state.ts";
import type { Fleet } from "./scenario-fleet.ts";

/** What each host has that a deploy could change, by the scenario's name for it. */
type Seen = ReadonlyMap<string, HostState>;

/** Reads it: kernel state as of any scenario, with Docker's networks and containers. */
export const seenOf = async ({ hosts }: Fleet, { name }: DeployScenario): Promise<Seen> =>
  new Map(
    await Promise.all(
      [...hosts].map(async ([role, { host }]) => {
        const [state, networks, containers] = await Promise.all([
          stateOf(host, { name, sysctls: ["net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter"] }),
          dockerCall(host, "list the networks", host.docker.listNetworks()),
          dockerCall(host, "list the containers", host.docker.listContainers({ all: true })),
        ]);
        const docker: HostState = new Map([
          ["network", new Set(networks.map((network) => `${network.Name} ${network.Id.slice(0, 12)}`))],
          [
            "container",
            new Set(containers.map((container) => `${container.Names.join(" ")} ${container.Id.slice(0, 12)}`)),
          ],
        ]);
        return [role, new Map([...state, ...docker])] as const;
      }),
    ),
  );

/** What is different from before: `h1: device br1 is left`. */
export const leftOn = async (fleet: Fleet, scenario: DeployScenario, before: Seen): Promise<readonly string[]> => {
  const after = await seenOf(fleet, scenario);
  return [...before].flatMap(([role, had]) =>
    differences(had, after.get(role) ?? new Map()).map(
      (line) => `${fleet.hosts.get(role)?.host.name ?? role}: ${line}`,
    ),
  );
};
